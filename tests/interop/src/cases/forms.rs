//! Section 3.1 and vectors V2: other forms of the same values are taken, wrong ones end the connection.

use rmpv::Value;

use crate::bench::{Bench, Cases};
use crate::framing::Transport;
use crate::messages::{ask, encode, Blob, KernelMessage};
use crate::node::ECHO;
use crate::peer::Peer;
use crate::problem::{During, Result};
use crate::same;
use crate::shapes::{
    bytes_as_bin, bytes_of, named, value_of, with_item, with_less, with_more, with_request, MESSAGE, REQUEST,
};

fn request(peer: &Peer) -> KernelMessage {
    let mut request = ask(200, &peer.me.at("asker:interop:test.os"), &format!("{}@{ECHO}", peer.other), b"");
    request.request_mut().body = vec![0x7f, 0x80, 0xff, 1, 2];
    request.lazy_load_blob = Some(Blob { mime: Some("text/plain".into()), bytes: vec![200, 1, 2, 3] });
    request
}

fn taken(bench: &Bench, form: impl Fn(Value) -> Vec<u8>) -> Result<()> {
    for transport in crate::framing::BOTH {
        let mut peer = bench.peer(transport)?;
        let sent = request(&peer);
        peer.send_bytes(&form(value_of(&sent)))?;
        let answer = peer.receive()?;
        same!(answer.id, sent.id, "id");
        same!(answer.body(), sent.body(), "body");
        same!(answer.lazy_load_blob, sent.lazy_load_blob, "blob");
    }
    Ok(())
}

fn refused(bench: &Bench, form: impl Fn(Value) -> Vec<u8>) -> Result<()> {
    for transport in crate::framing::BOTH {
        let mut peer = bench.peer(transport)?;
        let sent = request(&peer);
        peer.send_bytes(&form(value_of(&sent)))?;
        peer.expect_closed().during(transport.name())?;
    }
    Ok(())
}

fn with_everything_named(message: Value) -> Value {
    let message = with_request(message, |request| named(request, &REQUEST));
    let message = with_item(message, 5, |blob| named(blob, &["mime", "bytes"]));
    named(message, &MESSAGE)
}

/// The id as nine bytes.
fn wide_id(message: Value) -> Vec<u8> {
    let bytes = bytes_of(&message);
    assert_eq!(bytes[..3], [0x96, 0xcc, 200]);
    [&[0x96, 0xcf, 0, 0, 0, 0, 0, 0, 0, 200][..], &bytes[3..]].concat()
}

fn negative_id(message: Value) -> Vec<u8> {
    bytes_of(&with_item(message, 0, |_| Value::from(-1)))
}

fn two_variants(message: Value) -> Vec<u8> {
    bytes_of(&with_item(message, 4, |variant| {
        let Value::Map(mut entries) = variant else { panic!("no enum") };
        entries.push(entries[0].clone());
        Value::Map(entries)
    }))
}

fn renamed(message: Value, name: Value) -> Vec<u8> {
    bytes_of(&with_item(message, 4, |variant| {
        let Value::Map(entries) = variant else { panic!("no enum") };
        Value::Map(vec![(name, entries[0].1.clone())])
    }))
}

fn with_target(message: Value, target: &str) -> Vec<u8> {
    bytes_of(&with_item(message, 2, |_| Value::from(target)))
}

fn bad_addresses(bench: &Bench) -> Result<()> {
    let node = &bench.node().known.name;
    let texts = [
        String::new(),
        node.clone(),
        format!("{node}@"),
        format!("{node}@a"),
        format!("{node}@a:b"),
        format!("{node}@a:b:c:d"),
        format!("{node}@a::c"),
        format!("{node}@:b:c"),
        format!("{node}@a:b:"),
        "@a:b:c".to_string(),
        format!("{node}@x@a:b:c"),
        "a:b:c".to_string(),
    ];
    for text in &texts {
        let mut peer = bench.peer(Transport::Tcp)?;
        let sent = value_of(&request(&peer));
        peer.send_bytes(&with_target(sent, text))?;
        peer.expect_closed().during(&format!("target `{text}`"))?;
    }
    Ok(())
}

/// In place of a body.
fn in_the_body(message: Value, body: &[u8]) -> Vec<u8> {
    let mark = Value::from("the body goes here");
    let bytes = bytes_of(&with_request(message, |request| with_item(request, 2, |_| mark.clone())));
    let mark = bytes_of(&mark);
    let at = bytes.windows(mark.len()).position(|window| window == mark).expect("it was put there");
    [&bytes[..at], body, &bytes[at + mark.len()..]].concat()
}

fn huge_announcements(bench: &Bench) -> Result<()> {
    for header in [
        &[0xdd, 0xff, 0xff, 0xff, 0xff][..],
        &[0xc6, 0xff, 0xff, 0xff, 0xff],
        &[0xdb, 0xff, 0xff, 0xff, 0xff],
        &[0xdf, 0xff, 0xff, 0xff, 0xff],
        &[0xdd, 0x7f, 0xff, 0xff, 0xff, 1],
    ] {
        refused(bench, |message| in_the_body(message, header)).during(&format!("{header:02x?}"))?;
    }
    Ok(())
}

pub fn cases(cases: &mut Cases) {
    cases.group("Forms");
    cases.add("bytes_as_bin", |bench| taken(bench, |message| bytes_of(&bytes_as_bin(message))));
    cases.add("structs_as_maps", |bench| taken(bench, |message| bytes_of(&with_everything_named(message))));
    cases.add("maps_with_bin", |bench| taken(bench, |message| bytes_of(&bytes_as_bin(with_everything_named(message)))));
    cases.add("variant_by_number", |bench| taken(bench, |message| renamed(message, Value::from(0))));
    cases.add("wide_integer", |bench| taken(bench, wide_id));
    cases.add("trailing_bytes", |bench| taken(bench, |message| [&bytes_of(&message)[..], &[0xc1, 1, 2, 3]].concat()));
    cases.add("missing_field", |bench| refused(bench, |message| bytes_of(&with_less(message))));
    cases.add("surplus_field", |bench| refused(bench, |message| bytes_of(&with_more(message))));
    cases
        .add("missing_field_of_request", |bench| refused(bench, |message| bytes_of(&with_request(message, with_less))));
    cases
        .add("surplus_field_of_request", |bench| refused(bench, |message| bytes_of(&with_request(message, with_more))));
    cases.add("unknown_variant", |bench| refused(bench, |message| renamed(message, Value::from("Question"))));
    cases.add("unknown_variant_number", |bench| refused(bench, |message| renamed(message, Value::from(2))));
    cases.add("two_variants", |bench| refused(bench, two_variants));
    cases.add("negative_id", |bench| refused(bench, negative_id));
    cases.add("id_is_text", |bench| refused(bench, |message| bytes_of(&with_item(message, 0, |_| Value::from("1")))));
    cases.add("body_is_text", |bench| {
        refused(bench, |message| {
            bytes_of(&with_request(message, |request| with_item(request, 2, |_| Value::from("a text"))))
        })
    });
    cases.add("body_of_large_integers", |bench| {
        refused(bench, |message| {
            let body = Value::Array(vec![Value::from(1), Value::from(256)]);
            bytes_of(&with_request(message, |request| with_item(request, 2, |_| body.clone())))
        })
    });
    cases.add("metadata_is_no_utf8", |bench| {
        refused(bench, |message| {
            let bytes = bytes_of(&with_request(message, |request| with_item(request, 3, |_| Value::from("metadata"))));
            let at = bytes.windows(8).position(|window| window == b"metadata").expect("it was put there");
            [&bytes[..at], &[0xff], &bytes[at + 1..]].concat()
        })
    });
    cases.add("bad_addresses", bad_addresses);
    cases.add("no_messagepack", |bench| refused(bench, |_| vec![0xc1; 100]));
    cases.add("cut", |bench| refused(bench, |message| bytes_of(&message)[..40].to_vec()));
    cases.add("one_byte", |bench| refused(bench, |_| vec![0x96]));
    cases.add("another_value", |bench| refused(bench, |_| encode(&"hello")));
    cases.add("nested_1100_deep", |bench| {
        refused(bench, |message| in_the_body(message, &[vec![0x91; 1100], vec![1]].concat()))
    });
    cases.add("nested_200000_deep", |bench| refused(bench, |_| vec![0x91; 200_000]));
    cases.add("huge_announcements", huge_announcements);
}
