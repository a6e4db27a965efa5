//! A relay of TCP: each connection to its address gets one to a node.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::way::{Direction, Way, until};

/// Read at once, and how many of these are under way: about what the kernel keeps.
const READ: usize = 16 << 10;
const READS: usize = 64;

/// Relays between `front` and the node at `node`, which is the end `to` of the way; ends when it is dropped.
///
/// A connection that is begun while the way is cut never comes to be, and is not refused.
pub(crate) async fn relay(front: TcpListener, node: SocketAddr, way: Way, to: Direction) {
    let mut tasks = JoinSet::new();
    let mut silent = Vec::new();
    loop {
        let Ok((socket, _)) = front.accept().await else { continue };
        if way.watch().borrow().cut.contains(&true) {
            silent.push(socket);
            continue;
        }
        tasks.spawn(connection(socket, node, way.clone(), to));
        while tasks.try_join_next().is_some() {}
    }
}

async fn connection(mut socket: TcpStream, node: SocketAddr, way: Way, to: Direction) {
    let mut watch = way.watch();
    let resets = watch.borrow_and_update().resets;
    let Ok(mut there) = TcpStream::connect(node).await else { return };
    for socket in [&socket, &there] {
        socket.set_nodelay(true).unwrap();
    }
    let ((read_here, write_here), (read_there, write_there)) = (socket.split(), there.split());
    let pumps = async {
        tokio::join!(pump(read_here, write_there, &way, to), pump(read_there, write_here, &way, 1 - to))
    };
    tokio::select! { biased;
        _ = watch.wait_for(|faults| faults.resets != resets) => {}
        _ = pumps => return,
    }
    // Closed without a rest: both ends see a reset.
    socket.set_zero_linger().unwrap();
    there.set_zero_linger().unwrap();
}

/// Moves bytes in one direction, until one side closes.
async fn pump(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, way: &Way, direction: Direction) {
    let (sender, mut chunks) = mpsc::channel::<(Instant, Vec<u8>)>(READS);
    let read = async move {
        let mut buffer = vec![0; READ];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            if sender.send((way.due(), buffer[..length].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let write = async {
        let mut watch = way.watch();
        while let Some((due, chunk)) = chunks.recv().await {
            until(due).await;
            let Ok(pieces) = watch.wait_for(|faults| !faults.cut[direction]).await.map(|it| it.pieces) else {
                return;
            };
            for piece in chunk.chunks(pieces) {
                if to.write_all(piece).await.is_err() {
                    return;
                }
            }
        }
        let _ = to.shutdown().await;
    };
    tokio::join!(read, write);
}
