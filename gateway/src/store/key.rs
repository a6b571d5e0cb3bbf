//! The key that the store's own signing keys are sealed under: given by the configuration, or kept in a file beside the
//! database, so that a copy of the database alone signs nothing.

use super::sqlite_path;
use crate::config::secret::decode_key;
use base64::{Engine, engine::general_purpose::STANDARD};
use oauth::seal::Sealer;
use oauth::store::StoreError;
use oauth::world::Random;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The sealer of a store's keys.
///
/// # Errors
/// When the file beside the database cannot be made or read, is no key, or may be read by others than its owner.
pub fn sealer(given: Option<&[u8; 32]>, url: &str, random: &dyn Random) -> Result<Sealer, StoreError> {
    if let Some(key) = given {
        return Ok(Sealer::new(Zeroizing::new(*key)));
    }
    let database = sqlite_path(url.split_once(':').map_or(url, |(_, path)| path))?;
    let mut file = database.as_os_str().to_owned();
    file.push(".key");
    let file = PathBuf::from(file);
    make(&file, random)?;
    read(&file).map(Sealer::new)
}

/// Makes the file if there is none. Of several processes, one makes it, and none sees it half written.
fn make(file: &Path, random: &dyn Random) -> Result<(), StoreError> {
    if file.exists() {
        return Ok(());
    }
    let draft = file.with_extension(format!("key.{}", std::process::id()));
    let written = write(&draft, random).and_then(|()| fs::hard_link(&draft, file));
    let _ = fs::remove_file(&draft);
    match written {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(file, &error)),
        _ => Ok(()),
    }
}

fn write(draft: &Path, random: &dyn Random) -> std::io::Result<()> {
    let text = Zeroizing::new(format!("{}\n", STANDARD.encode(random.bytes::<32>())));
    let mut made = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(draft)?;
    made.write_all(text.as_bytes()).and_then(|()| made.sync_all())
}

fn read(file: &Path) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let mode = fs::metadata(file).map_err(|error| failed(file, &error))?.permissions().mode();
    if mode & 0o077 != 0 {
        let told = format!("others than its owner may read `{}`; run `chmod 600` on it", file.display());
        return Err(StoreError(told));
    }
    let text = Zeroizing::new(fs::read_to_string(file).map_err(|error| failed(file, &error))?);
    let key = decode_key(text.trim_end()).map(Zeroizing::new);
    key.ok_or_else(|| StoreError(format!("`{}` is not 32 bytes of base64", file.display())))
}

fn failed(file: &Path, error: &std::io::Error) -> StoreError {
    StoreError(format!("the store key `{}`: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::System;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("doorward-key-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn ky_13_a_key_file_is_made_once_for_its_owner_alone() {
        let folder = folder("made");
        let url = format!("sqlite:{}/x.db", folder.display());
        let first = sealer(None, &url, &System).unwrap();
        let file = folder.join("x.db.key");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let sealed = first.seal_bytes("x", b"hello", &System);
        assert_eq!(sealer(None, &url, &System).unwrap().open_bytes("x", &sealed).unwrap(), b"hello");
        assert!(sealer(Some(&[1; 32]), &url, &System).unwrap().open_bytes("x", &sealed).is_none());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(sealer(None, &url, &System).unwrap_err().to_string().contains("chmod 600"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_by_name() {
        let folder = folder("none");
        let file = folder.join("x.db.key");
        fs::write(&file, "hunter2").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let told = sealer(None, &format!("sqlite:{}/x.db", folder.display()), &System).unwrap_err().to_string();
        assert!(told.contains("x.db.key") && !told.contains("hunter2"), "{told}");
        fs::remove_dir_all(folder).unwrap();
    }
}
