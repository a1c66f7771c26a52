//! Which ticket a mail belongs to: addresses and numbers that say so.
//!
//! The address a person answers to carries a mark made with the installation's key, bound to the
//! ticket and to that person. Nothing else in a mail proves anything: not words of the subject, not a
//! number in it, not a foreign Message-ID.

use crate::secret::{Secret, sha256};

/// The address under which the participant with `email` answers to ticket `number`:
/// `meja+oki2602000013.5234871.k3…@host`.
pub fn reply_address(secret: &Secret, desk: &str, number: &str, email: &str) -> String {
    // A short name for the person; the mark is what proves it.
    let participant = i64::from_str_radix(&sha256(email.to_lowercase())[..6], 16).unwrap_or(0);
    let (local, host) = desk.rsplit_once('@').unwrap_or((desk, "localhost"));
    let mark = secret.mark("reply", &format!("{number}:{participant}"));
    let compact = number.replace('-', "").to_ascii_lowercase();
    format!("{local}+{compact}.{participant}.{mark}@{host}")
}

/// What a reply address says, when its mark is ours: ticket number and participant.
pub fn read_reply_address(secret: &Secret, desk: &str, address: &str) -> Option<(String, i64)> {
    let (local, host) = address.trim().rsplit_once('@')?;
    let (own_local, own_host) = desk.rsplit_once('@')?;
    let (base, extension) = local.split_once('+')?;
    if !base.eq_ignore_ascii_case(own_local) || !host.eq_ignore_ascii_case(own_host) {
        return None;
    }
    let mut parts = extension.split('.');
    let (number, participant, mark) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    let number = crate::domain::number::parse(number)?;
    let genuine = parts.next().is_none() && secret.recognises("reply", &format!("{number}:{participant}"), mark);
    genuine.then_some((number, participant))
}

/// A Message-ID of our own for the mail that `seed` stands for, without brackets: it carries a mark of the
/// installation, so that a mail that comes back is known even after its copy is gone.
pub fn own_message_id(secret: &Secret, seed: &str, host: &str) -> String {
    let name = &sha256(seed)[..32];
    format!("{name}.{}@{host}", secret.mark("message", name))
}

/// Did this installation write the mail with this Message-ID?
pub fn is_own_message_id(secret: &Secret, id: &str) -> bool {
    let Some((local, _)) = id.trim_matches(['<', '>']).rsplit_once('@') else { return false };
    local.split_once('.').is_some_and(|(name, mark)| name.len() == 32 && secret.recognises("message", name, mark))
}

/// Ticket numbers that a subject line names in brackets.
pub fn numbers_in(subject: &str) -> Vec<String> {
    let bracketed = subject.split('[').skip(1).filter_map(|rest| rest.split(']').next());
    bracketed.filter_map(crate::domain::number::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_message_id_is_known_and_a_forged_one_is_not() {
        let secret = Secret::from_bytes(&[1; 32]);
        let id = own_message_id(&secret, "received:1", "desk.test");
        assert!(is_own_message_id(&secret, &id) && is_own_message_id(&secret, &format!("<{id}>")));
        assert!(!is_own_message_id(&Secret::from_bytes(&[2; 32]), &id));
        assert!(!is_own_message_id(&secret, &id.replacen(&id[..1], "x", 1)) && !is_own_message_id(&secret, "a@b"));
    }

    #[test]
    fn a_reply_address_is_read_back_and_a_forged_one_is_not() {
        let secret = Secret::from_bytes(&[1; 32]);
        let number = crate::domain::number::format("OKI", 2026, 2, 13);
        let address = reply_address(&secret, "meja@desk.test", &number, "Budi@kantor.test");
        let who = address.split('.').nth(1).unwrap().parse::<i64>().unwrap();
        assert!(address.split('@').next().unwrap().len() <= 64);
        assert_eq!(read_reply_address(&secret, "meja@desk.test", &address.to_uppercase()), Some((number, who)));
        assert_eq!(read_reply_address(&secret, "meja@desk.test", &address.replace(&format!(".{who}."), ".6.")), None);
        assert_eq!(read_reply_address(&secret, "meja@desk.test", "meja@desk.test"), None);
        assert_eq!(read_reply_address(&secret, "meja@desk.test", "meja+a.b.c@desk.test"), None);
    }
}
