//! AES-CBC (NIST SP 800-38A) decryption without a padding rule: what platforms of mini-programs encrypt with. It
//! authenticates nothing, and whoever calls it must not tell why the plaintext was unusable.

use aes::{Aes128, Aes192};
use cbc::Decryptor;
use cbc::cipher::{Block, BlockModeDecrypt, KeyIvInit};

const BLOCK_BYTES: usize = 16;

/// Decrypts whole blocks where they are, under a 128-bit key; what is left over behind the last block stays as it is.
pub fn aes_128_cbc_decrypt(key: &[u8; 16], iv: &[u8; 16], buffer: &mut [u8]) {
    decrypt(Decryptor::<Aes128>::new(key.into(), iv.into()), buffer);
}

/// The same under a 192-bit key.
pub fn aes_192_cbc_decrypt(key: &[u8; 24], iv: &[u8; 16], buffer: &mut [u8]) {
    decrypt(Decryptor::<Aes192>::new(key.into(), iv.into()), buffer);
}

fn decrypt<D: BlockModeDecrypt>(mut cipher: D, buffer: &mut [u8])
where
    for<'a> &'a mut Block<D>: TryFrom<&'a mut [u8]>,
{
    for block in buffer.chunks_exact_mut(BLOCK_BYTES) {
        // Chunks are as long as blocks are.
        if let Ok(block) = block.try_into() {
            cipher.decrypt_block(block);
        }
    }
}
