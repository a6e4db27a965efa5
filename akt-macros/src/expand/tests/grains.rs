//! Grains as a reader sees them expanded.

use quote::quote;

use super::compare;
use crate::expand::grain_attribute;

#[test]
fn a_grain_expands_as_written_down() {
    let args = quote!(kind = "cart", key = (String, u64), passivate = "10m");
    let expanded = grain_attribute(
        &args,
        &quote! {
            impl Cart {
                #[on(activate)]
                async fn load(key: &(String, u64), cx: &mut Ctx<Self>) -> Result<Self, Fault> {
                    Ok(Self { items: cx.dep::<Shop>().items_of(key).await? })
                }

                #[on(deactivate)]
                fn save(&mut self, cx: &mut Ctx<Self>) {}

                #[handler]
                fn add(&mut self, item: Item) {}
            }
        },
    );

    compare("grain.rs", expanded);
}

#[test]
fn a_grain_with_a_state_expands_as_written_down() {
    let args = quote!(
        kind = "cart", key = String, state = items: Items, schema = 2, upcast = older, placement = hash, consistency = fenced
    );
    let expanded = grain_attribute(
        &args,
        &quote! {
            impl Cart {
                #[on(activate)]
                fn wake(key: &String, items: Items) -> Self {
                    Self { items }
                }

                #[on(deactivate)]
                fn leave(&mut self, cx: &mut Ctx<Self>) {}

                #[handler]
                async fn add(&mut self, item: Item, cx: &mut Ctx<Self>) {}
            }
        },
    );

    compare("grain_state.rs", expanded);
}
