//! Little-endian bytes to values and back, for every record that crosses the kernel's border.
//!
//! Owns: the two cursors, the [`Field`] trait (how one field is laid out) and the two macros that
//! the other files declare their records and numbered enums with. A record's offsets are the sums of
//! its fields' sizes, computed here and written down nowhere else.
//! Invariant: reading never panics and never believes a length; what does not fit is [`Malformed`].
//! Does not: know any record, allocate, or align anything (records are packed byte by byte).

/// Bytes that are not what they claim to be: too short, an unknown number, or text that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Takes fields off the front of bytes that somebody else wrote.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `len_bytes` bytes, or [`Malformed`] if fewer are left.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes end before.
    #[inline]
    pub fn bytes(&mut self, len_bytes: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(len_bytes).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes end before.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// The next field.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes end before, or are no value of `F`.
    #[inline]
    pub fn field<F: Field>(&mut self) -> Result<F, Malformed> {
        F::take(self)
    }

    /// How many bytes are left.
    #[must_use]
    pub const fn left_bytes(&self) -> usize {
        self.rest.len()
    }
}

/// Puts fields one after the other into a buffer that is known to be large enough.
#[derive(Debug)]
pub struct Writer<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl<'a> Writer<'a> {
    /// Starts at the first byte of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Appends `bytes`. Past the buffer's end nothing is written: records are sized by the same
    /// constants that lay them out, so this cannot happen to them.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        let end = self.at.saturating_add(bytes.len());
        if let Some(target) = self.bytes.get_mut(self.at..end) {
            target.copy_from_slice(bytes);
        }
        self.at = end;
    }

    /// Appends one field.
    #[inline]
    pub fn field<F: Field>(&mut self, field: &F) {
        field.put(self);
    }
}

/// One field of a record: its size on the wire and its two directions.
pub trait Field: Sized {
    /// Bytes on the wire; the same for every value.
    const SIZE: usize;

    /// Appends the field.
    fn put(&self, writer: &mut Writer<'_>);

    /// Takes the field off.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes end before, or are no value of this type.
    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed>;
}

macro_rules! integer_fields {
    ($($integer:ty)*) => {$(
        impl Field for $integer {
            const SIZE: usize = size_of::<$integer>();

            #[inline]
            fn put(&self, writer: &mut Writer<'_>) {
                writer.bytes(&self.to_le_bytes());
            }

            #[inline]
            fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
                Ok(Self::from_le_bytes(reader.array()?))
            }
        }
    )*};
}
integer_fields!(u8 u16 u32 u64 i32);

impl<F: Field + Copy + Default, const N: usize> Field for [F; N] {
    const SIZE: usize = F::SIZE * N;

    #[inline]
    fn put(&self, writer: &mut Writer<'_>) {
        for field in self {
            field.put(writer);
        }
    }

    #[inline]
    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut fields = [F::default(); N];
        for field in &mut fields {
            *field = F::take(reader)?;
        }
        Ok(fields)
    }
}

/// Declares a record: a plain struct with `SIZE`, `encode` and `decode`.
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $ty:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $ty,)*
        }

        impl $name {
            /// Bytes of the record on the wire.
            pub const SIZE: usize = 0 $(+ <$ty as $crate::wire::Field>::SIZE)*;

            /// The record's bytes, fields in the order of their declaration, little-endian, unpadded.
            #[must_use]
            pub fn encode(&self) -> [u8; Self::SIZE] {
                let mut bytes = [0; Self::SIZE];
                $crate::wire::Field::put(self, &mut $crate::wire::Writer::new(&mut bytes));
                bytes
            }

            /// Reads the record off the front of `bytes`; what follows it is ignored.
            ///
            /// # Errors
            /// [`Malformed`](crate::wire::Malformed) when the bytes are too few or hold no such record.
            pub fn decode(bytes: &[u8]) -> Result<Self, $crate::wire::Malformed> {
                // Of a known length, so that no field's own check is left.
                let bytes: &[u8; Self::SIZE] = bytes.first_chunk().ok_or($crate::wire::Malformed)?;
                $crate::wire::Field::take(&mut $crate::wire::Reader::new(bytes))
            }
        }

        impl $crate::wire::Field for $name {
            const SIZE: usize = Self::SIZE;

            #[inline]
            fn put(&self, writer: &mut $crate::wire::Writer<'_>) {
                $(writer.field(&self.$field);)*
            }

            #[inline]
            fn take(reader: &mut $crate::wire::Reader<'_>) -> Result<Self, $crate::wire::Malformed> {
                Ok(Self { $($field: reader.field()?,)* })
            }
        }
    };
}

/// Declares an enum whose numbers, names and one-line meanings are part of the ABI.
macro_rules! numbered {
    ($(#[$meta:meta])* pub enum $name:ident: $repr:ident {
        $($variant:ident = $number:literal, $text:literal, $prose:literal;)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr($repr)]
        pub enum $name {
            $(#[doc = $prose] $variant = $number,)*
        }

        impl $name {
            /// Every value, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The number on the wire.
            #[must_use]
            pub const fn number(self) -> $repr {
                self as $repr
            }

            /// The value that `number` stands for, if any does.
            #[must_use]
            #[inline]
            pub const fn from_number(number: $repr) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The name that people read and manifests use.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// The value that is called `name`, if any is.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == name)
            }

            /// What the value means, in one sentence.
            #[must_use]
            pub const fn prose(self) -> &'static str {
                match self {
                    $(Self::$variant => $prose,)*
                }
            }
        }

        impl $crate::wire::Field for $name {
            const SIZE: usize = size_of::<$repr>();

            #[inline]
            fn put(&self, writer: &mut $crate::wire::Writer<'_>) {
                writer.field(&self.number());
            }

            #[inline]
            fn take(reader: &mut $crate::wire::Reader<'_>) -> Result<Self, $crate::wire::Malformed> {
                Self::from_number(reader.field()?).ok_or($crate::wire::Malformed)
            }
        }
    };
}

pub(crate) use {numbered, record};
