//! Messages of every shape come through as they were sent.

use akt_contract_tests::google::protobuf as google;
use akt_contract_tests::{AloneRef, Note};
use akt_contract_tests::{comments, known, legacy, nest, reexport, shapes, twins, vendor};

use crate::{Nodes, serves};

serves! {
    Shapes: [shapes::v1::Shapes]
    turn (shapes::v1::Shape) -> shapes::v1::Shape = |shape| shape;
    level (shapes::v1::shape::Side) -> shapes::v1::Alias = |side: shapes::v1::shape::Side| shapes::v1::Alias { level: side.kind };
}
serves! {
    Legacy: [legacy::v1::Legacy]
    turn (legacy::v1::Record) -> legacy::v1::Record = |record| record;
}
serves! {
    Known: [known::v1::Known]
    now (()) -> google::Timestamp = |()| google::Timestamp { seconds: 7, nanos: 0 };
    wait (google::Duration) -> () = |_| ();
    wrap (google::Any) -> google::Any = |any| any;
    shape (google::Struct) -> google::Value = |object| google::Value { kind: Some(google::value::Kind::StructValue(object)) };
    list (google::ListValue) -> google::FieldMask = |list: google::ListValue| google::FieldMask { paths: vec![list.values.len().to_string()] };
    text (String) -> Vec<u8> = String::into_bytes;
    number (f64) -> f32 = |number: f64| number as f32;
    turn (known::v1::All) -> known::v1::All = |all| all;
}
serves! {
    Alone: [akt_contract_tests::Alone]
    echo (Note) -> Note = |note| note;
}
serves! {
    Comments: [comments::v1::Comments]
    say (comments::v1::Text) -> comments::v1::Text = |text| text;
    block (comments::v1::Text) -> comments::v1::Text = |text| text;
}
serves! {
    Files: [vendor::v1::Files]
    get (vendor::v1::File) -> vendor::v1::File = |file| file;
}
serves! {
    Top: [nest::a::Top]
    count (nest::a::b::c::Many) -> nest::a::Number = |many: nest::a::b::c::Many| nest::a::Number { number: u32::try_from(many.pairs.len() + many.names.len()).unwrap_or(u32::MAX) };
    deep (nest::a::b::c::d::Name) -> nest::a::b::Pair = |name| nest::a::b::Pair { outer: None, inner: Some(name) };
}
serves! {
    Middle: [nest::a::b::Middle]
    turn (nest::a::b::Pair) -> nest::a::b::Pair = |pair| pair;
}
serves! {
    Low: [nest::a::b::c::Low]
    first (nest::a::b::c::Many) -> nest::a::b::Pair = |many: nest::a::b::c::Many| many.pairs.into_iter().next().unwrap_or_default();
}
serves! {
    Deeper: [nest::a::b::c::d::Deeper]
    up (nest::a::Number) -> nest::a::Number = |number: nest::a::Number| nest::a::Number { number: number.number + 1 };
}
serves! {
    One: [twins::one::Twin]
    get (twins::one::Twin1) -> twins::one::Thing = |_| twins::one::Thing { number: 1 };
}
serves! {
    Two: [twins::two::Twin]
    get (twins::two::Thing) -> twins::one::Thing = |thing: twins::two::Thing| thing.thing.unwrap_or_default();
}
serves! {
    User: [reexport::user::User]
    r#use (twins::two::Thing) -> twins::one::Thing = |thing: twins::two::Thing| thing.thing.unwrap_or_default();
}

#[tokio::test]
async fn maps_oneofs_and_enums() {
    use shapes::v1::{Level, Shape, ShapesRef, shape};
    let nodes = Nodes::start().await;
    nodes.far.spawn("shapes", Shapes::default).await.expect("the name is free");
    let shapes: ShapesRef = nodes.reach("shapes");
    let side = shape::Side { kind: shape::side::Kind::Long.into(), length: 0.5, back: Some(Box::default()) };
    let sent = Shape {
        texts: [(-1, "minus".to_owned())].into(),
        shapes: [("it".to_owned(), Shape::default())].into(),
        kinds: [(true, shape::Kind::Negative.into())].into(),
        sides: [(3, side.clone())].into(),
        packed: vec![-1, 1],
        unpacked: vec![2, 3],
        maybe: Some(0.25),
        levels: vec![Level::High.into()],
        body: Some(shape::Body::Inside(Box::default())),
        other: Some(shape::Other::No(false)),
        ..Shape::default()
    };

    assert_eq!(shapes.turn(sent.clone()).await.expect("it answers"), sent);
    assert_eq!(shapes.level(side).await.expect("it answers").level, 1);
    nodes.stop().await;
}

#[tokio::test]
async fn proto2_with_groups_and_defaults() {
    use legacy::v1::{LegacyRef, Level, Record, record};
    let nodes = Nodes::start().await;
    nodes.far.spawn("legacy", Legacy::default).await.expect("the name is free");
    let legacy: LegacyRef = nodes.reach("legacy");
    let sent = Record {
        name: "n".to_owned(),
        extra: Some(record::Extra { depth: Some(3) }),
        line: vec![record::Line { text: "l".to_owned() }],
        ..Record::default()
    };

    let turned = legacy.turn(sent.clone()).await.expect("it answers");

    assert_eq!(turned, sent);
    assert_eq!((turned.count(), turned.level(), turned.raw()), (41, Level::High, &b"\x01\xff"[..]));
    assert!(turned.ratio().is_infinite() && turned.needed.on());
    nodes.stop().await;
}

#[tokio::test]
async fn well_known_types() {
    let nodes = Nodes::start().await;
    nodes.far.spawn("known", Known::default).await.expect("the name is free");
    let known: known::v1::KnownRef = nodes.reach("known");
    let any = google::Any { type_url: "x/y".to_owned(), value: vec![1] };
    let object = google::Struct { fields: [("a".to_owned(), google::Value::default())].into() };
    let all = known::v1::All {
        any: Some(any.clone()),
        object: Some(object.clone()),
        u64: Some(0),
        numbers: vec![1, 0],
        one: Some(known::v1::all::One::Nothing(())),
        ..known::v1::All::default()
    };

    assert_eq!(known.now(()).await.expect("it answers").seconds, 7);
    known.wait(google::Duration::default()).await.expect("it answers");
    assert_eq!(known.wrap(any.clone()).await.expect("it answers"), any);
    let value = known.shape(object.clone()).await.expect("it answers");
    assert_eq!(value.kind, Some(google::value::Kind::StructValue(object)));
    assert_eq!(known.list(google::ListValue::default()).await.expect("it answers").paths, ["0"]);
    assert_eq!(known.text("t".to_owned()).await.expect("it answers"), b"t");
    assert!((known.number(0.5).await.expect("it answers") - 0.5).abs() < f32::EPSILON);
    assert_eq!(known.turn(all.clone()).await.expect("it answers"), all);
    nodes.stop().await;
}

#[tokio::test]
async fn packages_in_packages_and_equal_names_in_two() {
    let nodes = Nodes::start().await;
    let far = &nodes.far;
    far.spawn("top", Top::default).await.expect("the name is free");
    far.spawn("middle", Middle::default).await.expect("the name is free");
    far.spawn("low", Low::default).await.expect("the name is free");
    far.spawn("deeper", Deeper::default).await.expect("the name is free");
    far.spawn("one", One::default).await.expect("the name is free");
    far.spawn("two", Two::default).await.expect("the name is free");
    far.spawn("user", User::default).await.expect("the name is free");
    let outer = nest::Name { text: "out".to_owned() };
    let pair = nest::a::b::Pair { outer: Some(outer.clone()), inner: None };
    let many = nest::a::b::c::Many { pairs: vec![pair.clone()], ..nest::a::b::c::Many::default() };
    let thing = twins::two::Thing { thing: Some(twins::one::Thing { number: 9 }) };

    let top: nest::a::TopRef = nodes.reach("top");
    assert_eq!(top.count(many.clone()).await.expect("it answers").number, 1);
    let name = nest::a::b::c::d::Name { outer: Some(outer), text: "in".to_owned() };
    assert_eq!(top.deep(name.clone()).await.expect("it answers").inner, Some(name));
    let middle: nest::a::b::MiddleRef = nodes.reach("middle");
    assert_eq!(middle.turn(pair.clone()).await.expect("it answers"), pair);
    let low: nest::a::b::c::LowRef = nodes.reach("low");
    assert_eq!(low.first(many).await.expect("it answers"), pair);
    let deeper: nest::a::b::c::d::DeeperRef = nodes.reach("deeper");
    assert_eq!(deeper.up(nest::a::Number { number: 1 }).await.expect("it answers").number, 2);
    let one: twins::one::TwinRef = nodes.reach("one");
    assert_eq!(one.get(twins::one::Twin1 {}).await.expect("it answers").number, 1);
    let two: twins::two::TwinRef = nodes.reach("two");
    assert_eq!(two.get(thing).await.expect("it answers").number, 9);
    let user: reexport::user::UserRef = nodes.reach("user");
    assert_eq!(user.r#use(thing).await.expect("it answers").number, 9);
    nodes.stop().await;
}

#[tokio::test]
async fn options_of_others_comments_and_no_package() {
    let nodes = Nodes::start().await;
    nodes.far.spawn("files", Files::default).await.expect("the name is free");
    nodes.far.spawn("comments", Comments::default).await.expect("the name is free");
    nodes.far.spawn("alone", Alone::default).await.expect("the name is free");
    let file = vendor::v1::File { name: "f".to_owned(), kind: 0 };
    let text = comments::v1::Text { text: "t".to_owned() };
    let note = Note { text: "n".to_owned(), inner: None };

    let files: vendor::v1::FilesRef = nodes.reach("files");
    assert_eq!(files.get(file.clone()).await.expect("it answers"), file);
    let comments: comments::v1::CommentsRef = nodes.reach("comments");
    assert_eq!(comments.say(text.clone()).await.expect("it answers"), text);
    assert_eq!(comments.block(text.clone()).await.expect("it answers"), text);
    let alone: AloneRef = nodes.reach("alone");
    assert_eq!(alone.ask(note.clone()).await.expect("it answers"), note);
    nodes.stop().await;
}
