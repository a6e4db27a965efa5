//! Actors that a `macro_rules!` macro writes.

use akt::prelude::*;

macro_rules! counter {
    ($name:ident, $reference:ident, $number:ty, $($field:ident),*) => {
        struct $name {
            value: $number,
        }

        #[actor]
        impl $name {
            #[handler]
            fn add(&mut self, $($field: $number),*, more: $number) -> Result<$number, String> {
                $(self.value += $field;)*
                self.value += more;
                Ok(self.value)
            }

            #[handler]
            async fn load(&mut self, cx: &mut Ctx<Self>, by: $number) -> $number {
                cx.stop();
                by
            }
        }

        impl $name {
            async fn client(reference: $reference) -> Result<$number, AskError<String>> {
                let _ = reference.load(1).await;
                reference.add(1, 2, 3).await
            }
        }
    };
}

counter!(Small, SmallRef, u8, a, b);
counter!(Large, LargeRef, u64, left, right);

fn main() {
    let _ = (Small::client, Large::client);
    let _ = (Small { value: 1 }, Large { value: 1 });
}
