//! What a bot says in one wake-up: whole messages of the protocol, in order.

/// Encoded messages in one buffer, reused from wake-up to wake-up.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Messages {
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Adds what `write` appends as one message; nothing when it appends nothing.
    pub fn write<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let written = write(&mut self.bytes);
        if self.bytes.len() > self.ends.last().copied().unwrap_or(0) {
            self.ends.push(self.bytes.len());
        }
        written
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_keep_their_ends_and_empty_ones_are_none() {
        let mut messages = Messages::default();
        messages.write(|out| out.extend([1, 2]));
        messages.write(|_| ());
        messages.write(|out| out.push(3));
        assert_eq!(messages.iter().collect::<Vec<_>>(), [&[1, 2][..], &[3]]);
        messages.clear();
        assert_eq!(messages.iter().count(), 0);
    }
}
