//! The room of a node, in which others say something, and the books of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use akt::ActorSystem;
use akt::testkit::check::Conservation;
use akt::testkit::cluster::NodeStart;
use parking_lot::Mutex;

use crate::contracts::chat::v1 as chat;

/// An author, the room's node, and the number of the line.
pub(crate) type Line = (u32, u32, u32);

#[derive(Default)]
pub(crate) struct Books {
    pub(crate) fates: Mutex<Conservation<Line>>,
    /// What each room heard of each author. After a kill a room is another.
    pub(crate) heard: Mutex<BTreeMap<(String, u32), Vec<u32>>>,
    lives: Mutex<BTreeMap<usize, u32>>,
}

impl Books {
    /// How often a node has begun to start.
    pub(crate) fn lives(&self, node: usize) -> u32 {
        self.lives.lock().get(&node).copied().unwrap_or_default()
    }
}

pub(crate) struct Room {
    node: u32,
    life: String,
    books: Arc<Books>,
    lines: u32,
}

#[akt::actor]
impl chat::Room for Room {
    fn say(&mut self, line: chat::Line) -> chat::Heard {
        self.books.fates.lock().handled((line.author, self.node, line.number));
        let pair = (self.life.clone(), line.author);
        self.books.heard.lock().entry(pair).or_default().push(line.number);
        self.lines += 1;
        chat::Heard { lines: self.lines }
    }

    fn count(&mut self, _: ()) -> chat::Heard {
        chat::Heard { lines: self.lines }
    }
}

/// A node with a room.
pub(crate) async fn with_room(
    start: NodeStart,
) -> Result<ActorSystem, Box<dyn std::error::Error + Send + Sync>> {
    let NodeStart { builder, node, kit } = start;
    let books = kit.shared::<Books>();
    let life = {
        let mut lives = books.lives.lock();
        let life = lives.entry(node).or_default();
        *life += 1;
        format!("{node}.{life}")
    };
    let system = builder.start().await?;
    let node = u32::try_from(node)?;
    let room = move || Room { node, life: life.clone(), books: books.clone(), lines: 0 };
    system.spawn("room", room).await?;
    Ok(system)
}
