//! Other forms of the same values, which a node must take too, and values that are wrong.

use rmpv::Value;
use serde::Serialize;

use crate::messages::encode;

pub fn value_of<T: Serialize>(value: &T) -> Value {
    rmpv::decode::read_value(&mut &encode(value)[..]).expect("what was encoded can be decoded")
}

pub fn bytes_of(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).expect("memory takes all");
    bytes
}

/// Arrays of integers as runs of bytes.
pub fn bytes_as_bin(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let bytes: Option<Vec<u8>> =
                items.iter().map(|item| item.as_u64().and_then(|number| u8::try_from(number).ok())).collect();
            match bytes {
                Some(bytes) if !bytes.is_empty() => Value::Binary(bytes),
                _ => Value::Array(items.into_iter().map(bytes_as_bin).collect()),
            }
        }
        Value::Map(entries) => Value::Map(entries.into_iter().map(|(key, item)| (key, bytes_as_bin(item))).collect()),
        other => other,
    }
}

/// An array as a map with the names of its fields, and one more that nobody knows.
pub fn named(value: Value, names: &[&str]) -> Value {
    let Value::Array(items) = value else { panic!("no array") };
    let mut entries: Vec<(Value, Value)> = names.iter().map(|name| Value::from(*name)).zip(items).collect();
    entries.insert(1, (Value::from("unknown"), Value::from("field")));
    Value::Map(entries)
}

pub const MESSAGE: [&str; 6] = ["id", "source", "target", "rsvp", "message", "lazy_load_blob"];
pub const REQUEST: [&str; 5] = ["inherit", "expects_response", "body", "metadata", "capabilities"];
pub const PAYLOAD: [&str; 4] = ["protocol_version", "name", "signature", "proxy_request"];

/// Changes the request's own fields.
pub fn with_request(message: Value, change: impl FnOnce(Value) -> Value) -> Value {
    with_item(message, 4, |variant| {
        let Value::Map(mut entries) = variant else { panic!("no enum") };
        let (name, request) = entries.remove(0);
        Value::Map(vec![(name, change(request))])
    })
}

pub fn with_item(array: Value, index: usize, change: impl FnOnce(Value) -> Value) -> Value {
    let Value::Array(mut items) = array else { panic!("no array") };
    items[index] = change(items[index].clone());
    Value::Array(items)
}

pub fn with_more(array: Value) -> Value {
    let Value::Array(mut items) = array else { panic!("no array") };
    items.push(Value::Nil);
    Value::Array(items)
}

pub fn with_less(array: Value) -> Value {
    let Value::Array(mut items) = array else { panic!("no array") };
    items.pop();
    Value::Array(items)
}
