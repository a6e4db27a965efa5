//! What a system provides to its actors, by type and name.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use super::builder::{StartError, SystemBuilder};
use super::{ActorSystem, Config};
use crate::actor::Actor;

/// What can be provided to actors: anything that is cheap to clone and may be shared between threads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a dependency",
    label = "this is not `Clone + Send + Sync + 'static`",
    note = "every actor gets a clone of its own: wrap what cannot be cloned, `.provide(Arc::new(value))`"
)]
pub trait Dependency: Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> Dependency for T {}

/// An actor whose constructor takes what its system provides. Implemented by `#[derive(akt::Inject)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from what its system provides",
    label = "no `#[derive(akt::Inject)]` on this type",
    note = "put `#[derive(akt::Inject)]` on the struct and `#[dep]` on the fields to be provided, or spawn it with a closure"
)]
pub trait Inject: Sized {
    /// What each spawn gives besides: the `#[arg]` fields, or `()`.
    type Args: Clone + Send + 'static;

    #[doc(hidden)]
    fn needs() -> Vec<Need>;

    #[doc(hidden)]
    fn inject(from: &Dependencies, args: Self::Args) -> Self;
}

/// One thing that an actor needs.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Need {
    id: TypeId,
    type_name: &'static str,
    /// Empty for what is known by its type alone.
    name: &'static str,
}

impl Need {
    /// A `T` called `name`, which may be empty.
    #[must_use]
    pub fn of<T: Dependency>(name: &'static str) -> Self {
        Self { id: TypeId::of::<T>(), type_name: type_name::<T>(), name }
    }
}

/// Something that is needed and was not provided.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub struct MissingDependency {
    /// Its type.
    pub type_name: &'static str,
    /// Its name, if it was asked for by one.
    pub name: Option<Box<str>>,
}

impl fmt::Display for MissingDependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing provides `{}`", self.type_name)?;
        match &self.name {
            Some(name) => write!(f, " named {name:?}"),
            None => Ok(()),
        }
    }
}

/// Everything that a system provides. A handful: found by looking at each.
#[doc(hidden)]
#[derive(Default)]
pub struct Dependencies(Vec<Provided>);

struct Provided {
    id: TypeId,
    name: Box<str>,
    value: Box<dyn Any + Send + Sync>,
}

impl Dependencies {
    fn provide<T: Dependency>(&mut self, name: &str, value: T) {
        self.insert(name, Arc::new(value.clone()));
        self.insert(name, value);
    }

    fn insert<T: Dependency>(&mut self, name: &str, value: T) {
        let id = TypeId::of::<T>();
        self.0.retain(|provided| provided.id != id || *provided.name != *name);
        self.0.push(Provided { id, name: name.into(), value: Box::new(value) });
    }

    fn find(&self, id: TypeId, name: &str) -> Option<&Provided> {
        self.0.iter().find(|provided| provided.id == id && *provided.name == *name)
    }

    fn get<T: Clone + 'static>(&self, name: &str) -> Result<T, MissingDependency> {
        let found = self.find(TypeId::of::<T>(), name).and_then(|provided| provided.value.downcast_ref());
        found.cloned().ok_or_else(|| missing(type_name::<T>(), name))
    }

    /// The dependency of a field; the spawn has looked whether it is there.
    #[must_use]
    pub fn field<T: Clone + 'static>(&self, name: &str) -> T {
        self.get(name).expect("what an actor needs is checked before its spawn")
    }

    pub(crate) fn missing(&self, needs: &[Need]) -> Vec<MissingDependency> {
        let absent = needs.iter().filter(|need| self.find(need.id, need.name).is_none());
        absent.map(|need| missing(need.type_name, need.name)).collect()
    }
}

fn missing(type_name: &'static str, name: &str) -> MissingDependency {
    MissingDependency { type_name, name: (!name.is_empty()).then(|| name.into()) }
}

/// A kind of actor that was registered, and what it needs.
pub(super) struct Registered {
    kind: &'static str,
    needs: Vec<Need>,
}

impl SystemBuilder {
    /// Provides `value` to actors, by its type: as `T` and as `Arc<T>`.
    ///
    /// An actor gets a clone by a field with `#[dep]` (see [`Inject`]) or by [`Ctx::dep`](crate::Ctx::dep). Of
    /// two values of one type the later counts, so that a test can replace what the program provides.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use akt::prelude::*;
    ///
    /// struct Pool { size: usize }
    ///
    /// #[derive(akt::Inject)]
    /// struct Orders {
    ///     #[dep]
    ///     db: Arc<Pool>,
    ///     #[dep(named = "eu")]
    ///     currency: String,
    ///     #[arg]
    ///     shard: u32,
    ///     pending: Vec<u64>,                // neither: `Default`
    /// }
    ///
    /// #[akt::actor]
    /// impl Orders {
    ///     #[handler]
    ///     fn place(&mut self, id: u64) -> String {
    ///         self.pending.push(id);
    ///         format!("{} in {} on shard {} of {}", self.pending.len(), self.currency, self.shard, self.db.size)
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let system = ActorSystem::builder("shop")
    ///     .provide(Arc::new(Pool { size: 8 }))
    ///     .provide_named("eu", "EUR".to_owned())
    ///     .register::<Orders>()
    ///     .start()
    ///     .await?;
    /// let orders = system.spawn_injected::<Orders>("orders-7", OrdersArgs { shard: 7 }).await?;
    ///
    /// assert_eq!(orders.place(1).await?, "1 in EUR on shard 7 of 8");
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn provide<T: Dependency>(mut self, value: T) -> Self {
        self.config.dependencies.provide("", value);
        self
    }

    /// Provides `value` to whoever asks for its type and this name: `#[dep(named = "eu")]`.
    ///
    /// It is not found by its type alone.
    pub fn provide_named<T: Dependency>(mut self, name: &str, value: T) -> Self {
        self.config.dependencies.provide(name, value);
        self
    }

    /// Makes [`start`](Self::start) check that everything `A` needs is provided.
    pub fn register<A: Actor + Inject>(mut self) -> Self {
        self.registered.push(Registered { kind: A::NAME, needs: A::needs() });
        self
    }
}

/// Looks for everything that is registered and cannot be made, and names all of it.
pub(super) fn check(config: &Config, registered: &[Registered]) -> Result<(), StartError> {
    let of_kind = |Registered { kind, needs }: &Registered| {
        config.dependencies.missing(needs).into_iter().map(|missing| (*kind, missing)).collect::<Vec<_>>()
    };
    let missing: Vec<_> = registered.iter().flat_map(of_kind).collect();
    if missing.is_empty() { Ok(()) } else { Err(StartError::MissingDependencies(missing)) }
}

impl ActorSystem {
    /// A clone of the `T` that was given to [`provide`](SystemBuilder::provide).
    ///
    /// # Errors
    ///
    /// [`MissingDependency`] if there is none.
    pub fn dependency<T: Dependency>(&self) -> Result<T, MissingDependency> {
        self.dependencies().get("")
    }

    /// A clone of the `T` that was given to [`provide_named`](SystemBuilder::provide_named) with this name.
    ///
    /// # Errors
    ///
    /// [`MissingDependency`] if there is none.
    pub fn dependency_named<T: Dependency>(&self, name: &str) -> Result<T, MissingDependency> {
        self.dependencies().get(name)
    }

    pub(crate) fn dependencies(&self) -> &Dependencies {
        &self.0.config.dependencies
    }
}

impl fmt::Debug for Dependencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dependencies").field("len", &self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_type_and_behind_an_arc() {
        let mut provided = Dependencies::default();
        provided.provide("", 7_u32);

        assert_eq!(provided.get::<u32>(""), Ok(7));
        assert_eq!(provided.get::<Arc<u32>>(""), Ok(Arc::new(7)));
    }

    #[test]
    fn the_later_of_two_values_counts() {
        let mut provided = Dependencies::default();
        provided.provide("", Arc::new(1_u32));
        provided.provide("", 2_u32);

        assert_eq!(provided.get::<Arc<u32>>(""), Ok(Arc::new(2)));
        assert_eq!(provided.0.len(), 3, "u32, Arc<u32>, Arc<Arc<u32>>");
    }

    #[test]
    fn a_name_keeps_values_of_one_type_apart() {
        let mut provided = Dependencies::default();
        provided.provide("eu", "EUR");
        provided.provide("us", "USD");

        assert_eq!(provided.get::<&str>("us"), Ok("USD"));
        assert_eq!(provided.get::<&str>("").unwrap_err().to_string(), "nothing provides `&str`");
        assert_eq!(
            provided.get::<&str>("uk").unwrap_err().to_string(),
            "nothing provides `&str` named \"uk\""
        );
    }
}
