//! Takes out of a module's memory where in the sources its panics are: the names of files, and for each panic file, line and column.
//! Nothing reads them once a panic is a trap.

use std::ops::Range;

/// A `core::panic::Location`: address and length of the file's name, line, column.
const LOCATION_BYTES: usize = 16;
/// Beyond it no line of a source is.
const MOST_LINES: usize = 100_000;

/// Blanks them in the memory that begins at that address; wasm-opt leaves out what is blank.
pub(super) fn blank(memory: &mut [u8], address: usize) {
    let mut blank = Vec::new();
    for start in (address.next_multiple_of(4) - address..memory.len()).step_by(4) {
        let location = start..start + LOCATION_BYTES;
        if let Some(file) = file_of(memory, address, location.clone()) {
            blank.extend([location, file]);
        }
    }
    for range in blank {
        memory[range].fill(0);
    }
}

/// Where the file's name lies, if there is a location in that place.
fn file_of(memory: &[u8], address: usize, location: Range<usize>) -> Option<Range<usize>> {
    let word = |nth: usize| {
        let bytes = memory.get(location.clone())?.get(nth * 4..nth * 4 + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    };
    let (line, column) = (word(2)?, word(3)?);
    let start = word(0)?.checked_sub(address)?;
    let file = start..start.checked_add(word(1)?)?;
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./".contains(byte);
    let name = memory.get(file.clone())?;
    let proper = name.ends_with(b".rs") && name.iter().all(is_part);
    (proper && (1..MOST_LINES).contains(&line) && (1..MOST_LINES).contains(&column)).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: usize = 1026;

    /// Texts, then words at the next multiple of four.
    fn memory(words: [u32; 4]) -> Vec<u8> {
        let mut memory = b"truesrc/a_b/c.rsnull..".to_vec();
        memory.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        memory
    }

    #[test]
    fn locations_are_blanked_and_nothing_beside_them() {
        let mut data = memory([ADDRESS as u32 + 4, 12, 7, 9]);
        blank(&mut data, ADDRESS);
        assert_eq!(data, [&b"true\0\0\0\0\0\0\0\0\0\0\0\0null.."[..], &[0; 16]].concat());
    }

    #[test]
    fn what_is_no_location_stays() {
        let file = ADDRESS as u32 + 4;
        for words in [[file, 12, 0, 9], [file, 11, 7, 9], [0, 12, 7, 9], [file, u32::MAX, 7, 9]] {
            let mut data = memory(words);
            blank(&mut data, ADDRESS);
            assert_eq!(data, memory(words));
        }
    }
}
