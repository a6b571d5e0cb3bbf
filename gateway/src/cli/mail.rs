//! `doorward mail`: whether mails can be sent.

use super::{Failure, block_on, load};
use crate::mail::{Letter, is_address, send};
use crate::pages::{Brand, test_letter};
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Mails {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Send a mail that says that mails can be sent, and tell what the server says if not.
    Test {
        /// Where to.
        address: String,
    },
}

impl Mails {
    pub(super) fn run(&self, file: &Path) -> Result<ExitCode, Failure> {
        let Act::Test { address } = &self.act;
        let config = load(file)?;
        let Some(mail) = &config.mail else {
            return Err(Failure::Other("the configuration has no section `[mail]`".into()));
        };
        if !is_address(address) {
            return Err(Failure::Other(format!("`{address}` is not an e-mail address; write it as `ada@example.com`")));
        }
        let letter: Letter = test_letter(&Brand::default().look(None), address);
        block_on(async { send(mail, &letter).await.map_err(|unsent| Failure::Other(unsent.to_string())) })?;
        println!("sent to {address} by {}:{}", mail.host, mail.port);
        Ok(ExitCode::SUCCESS)
    }
}
