//! *Pure.* What a kind of grain says about nodes: where its activations live, and what holds when nodes lose sight of each other.

/// Where the activations of a kind live: `#[akt::grain(placement = local_first)]`. A system alone has one place for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Placement {
    /// On the node that sends the first message, if it may be there.
    #[default]
    LocalFirst,
    /// Where the key's hash says.
    Hash,
    /// On the node with the fewest activations.
    LeastLoad,
    /// Anywhere, by chance.
    Random,
    /// On one node after the other.
    RoundRobin,
}

/// What holds of a kind when nodes lose sight of each other: `#[akt::grain(consistency = strict)]`. A system alone keeps
/// the strictest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Consistency {
    /// There are never two activations of one key; a minority of the nodes has none.
    #[default]
    Strict,
    /// There may be two activations for a while, and only the newer one writes.
    Fenced,
    /// Each side has its activation, so that everybody is always answered.
    Prompt,
}
