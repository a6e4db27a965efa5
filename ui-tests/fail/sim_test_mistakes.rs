use akt::testkit::TestKit;
use akt::testkit::cluster::ClusterKit;

#[akt::sim_test(nodes = 3, seed = 7)]
async fn one_seed(_kit: ClusterKit) {}

#[akt::sim_test(nodes = 3)]
async fn no_kit() {}

#[akt::sim_test]
async fn the_kit_of_one_node(_kit: TestKit) {}

#[akt::sim_test]
fn awaits_nothing(_kit: ClusterKit) {}

#[akt::test]
async fn how_many_nodes(_kit: ClusterKit) {}

#[akt::test(nodes = 2, system = akt::ActorSystem::builder("shop"))]
async fn a_system_of_its_own(_kit: ClusterKit) {}

#[akt::test(start = node)]
async fn one_node(_kit: TestKit) {}

#[akt::sim_test]
#[test]
async fn twice(_kit: ClusterKit) {}

fn main() {}
