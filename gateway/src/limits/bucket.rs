//! What addresses are counted for, and how much of it each has in a minute.

/// What is counted; each has its own budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Bucket {
    /// Wrong passwords and codes of strangers, all accounts together.
    WrongPassword,
    /// Challenges for passkeys: each fills the store for some minutes.
    PasskeyChallenge,
    /// Wrong secrets of clients, all clients together.
    WrongSecret,
    /// Codes of devices that nobody has, all accounts together.
    WrongDeviceCode,
    /// Dynamic registrations.
    Registration,
    /// Token requests.
    Token,
    /// Authorization requests.
    Authorization,
    /// Requests of devices: each fills the store for some minutes, and makes guessing their codes easier.
    DeviceAuthorization,
}

impl Bucket {
    /// Calls in a minute from one address.
    pub(super) const fn per_minute(self) -> u32 {
        match self {
            Self::WrongPassword => 60,
            Self::PasskeyChallenge => 300,
            Self::WrongSecret => 300,
            Self::WrongDeviceCode => 20,
            Self::Registration => 240,
            Self::Token => 3000,
            Self::Authorization => 1200,
            Self::DeviceAuthorization => 30,
        }
    }
}
