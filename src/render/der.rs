//! The few forms of DER that certificates and signatures are made of: tag, length, content. Lengths are definite.

/// Tags.
pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BITS: u8 = 0x03;
pub const OCTETS: u8 = 0x04;
pub const NULL: u8 = 0x05;
pub const OID: u8 = 0x06;
pub const UTC_TIME: u8 = 0x17;
pub const TIME: u8 = 0x18;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;
/// `[0]` with something inside.
pub const FIRST: u8 = 0xa0;
/// `[3]` with something inside.
pub const THIRD: u8 = 0xa3;
/// `[0]` in the place of a string of bytes.
pub const FIRST_PLAIN: u8 = 0x80;

/// A piece: its tag, its content, and both with the length between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    pub tag: u8,
    pub content: &'a [u8],
    pub whole: &'a [u8],
}

/// Reads one piece after the other.
#[derive(Debug, Clone, Copy)]
pub struct Pieces<'a>(pub &'a [u8]);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let (tag, first) = (*self.0.first()?, *self.0.get(1)?);
        let (start, length) = match first {
            0..=0x7f => (2, usize::from(first)),
            0x81..=0x84 => {
                let count = usize::from(first & 0x7f);
                let digits = self.0.get(2..2 + count)?;
                (2 + count, digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit)))
            }
            _ => return None,
        };
        let end = start.checked_add(length)?;
        let (whole, rest) = (self.0.get(..end)?, self.0.get(end..)?);
        self.0 = rest;
        Some(Piece { tag, content: &whole[start..], whole })
    }
}

impl<'a> Pieces<'a> {
    /// The content of the next piece, if it has this tag.
    pub fn with(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|piece| piece.tag == tag).map(|piece| piece.content)
    }

    /// What is inside the next piece, if it has this tag.
    pub fn enter(&mut self, tag: u8) -> Option<Pieces<'a>> {
        self.with(tag).map(Pieces)
    }
}

/// A piece made of parts.
pub fn piece(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
            bytes.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
            bytes.extend(digits);
        }
    }
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

/// A set: its parts in the order of their bytes.
pub fn set(tag: u8, mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    piece(tag, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_cut_is_not() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let bytes = piece(OCTETS, &[&content]);
            let mut pieces = Pieces(&bytes);
            assert_eq!(pieces.with(OCTETS), Some(content.as_slice()), "{length}");
            assert_eq!(pieces.next(), None);
            assert_eq!(Pieces(&bytes[..bytes.len() - 1]).next(), None, "{length} cut");
        }
        assert_eq!(Pieces(&[0x30, 0x80, 0, 0]).next(), None, "no indefinite lengths");
        assert_eq!(Pieces(&[0x04, 0x84, 0xff, 0xff, 0xff, 0xff]).next(), None, "longer than there is");
        assert_eq!(set(SET, vec![vec![2, 1, 9], vec![2, 1, 3]]), [0x31, 6, 2, 1, 3, 2, 1, 9]);
    }
}
