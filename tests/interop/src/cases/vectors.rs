//! The vectors of section 11.1, with fixed keys: this peer and the specification are of one mind.

use data_encoding::HEXLOWER;

use crate::bench::Cases;
use crate::framing::Transport;
use crate::identity::Person;
use crate::messages::{encode, HandshakePayload, NetAction};
use crate::noise::{Handshake, Role};
use crate::peer::{routing_request, CHUNK};
use crate::problem::Result;
use crate::same;

const HELLO: &str =
    "9601b5612e6465764068693a7465726d696e616c3a737973b4622e646576406e65743a64697374726f3a737973b5612e646576\
    4068693a7465726d696e616c3a73797381a75265717565737495c20a9568656c6c6fc090c0";
const ACK: &str =
    "9601b4622e646576406e65743a64697374726f3a737973b5612e6465764068693a7465726d696e616c3a737973c081a852657370\
    6f6e73659294c29361636bc090c0c0";
const ROUTING_REQUEST: &str = "9401a5612e646576dc0040ccc8ccedccec2f25ccea5ecc89ccd12bccdcccd2ccd45ecca71b08ccaf04cc886dcc8a\
    ccdbccfbccf7cc8dcccb5bccfc6b21cc81cc9975ccbccca6433fcc87cccfccc1707bccf5ccb5cc98ccb23245cce23c59cca77fccf749461938cc\
    9acce0cc9f0006a5622e646576";
const PAYLOAD: &str = "9401a5622e646576dc004028cca4127467cc86ccc240ccc267ccbb4cccc0ccfdcca9ccbe74ccce3f305639cc8f6816687ccc\
    e1ccbbcca6cc8d3bccd3cc811f63ccd6cc9c0fcc9cccc81eccaccc9257412ecc90ccc5cc9f10ccd157ccb663ccb960cce07d7209cceacc8c00c2";
const MESSAGE_1: &str = "a4e09292b651c278b9772c569f5fa9bb13d906b46ab68c9df9dc2b4409f8a209";
const MESSAGE_2: &str = "5dfedd3b6bd47f6fa28ee15d969d5bb0ea53774d488bdaf9df1c6e0124b3ef22fe694bce9ee4948d6b549f0241137697744f\
    686bfb76e0f0cef27625f26ee55695b80a9969bdd32c20b375cce719711ede1589b5ebe658096ccbbaecefba30587ddc55cf2e7bd873b2bb5187a6f1\
    5f586a116e08d999357f79d2f97fe2a427e73b1806592a1b41ca534b50e399d3194c35ec8eebf6041ceed1556cc6e2614983ad705048971dee34490f\
    864053d75c0cbf29ebff5a538316d049166e047d3c5346d79adb4b810b9ec38a3b93";
const MESSAGE_3: &str = "24c1fca651e2ed6b0cfb252384122d4d8653cf6555ae2e4fbb8cbb20c43f259b1e96851893e7d7ceb95e1e1ec84c565c587e\
    3e8c6c383529aaf1dadef97e6a350568d02d069b25cbe6b6977c014072402487055a10a26120c2a072fa801f66db4921ce4d18c70138b8854c00fad1\
    84e5d7e4f9c78a20ba0d75d034c4f57bce14faeff4f269dacf9bf41a52982091ef3635850ca7b84fcd65ba1aa55fb44a3d8c724eb81dcb88de7556cc\
    ad2e97";
const HASH: &str = "11cb5be1c3c36eb5193e1bd913279beb51eb7116d857f8cd35ea414e543e96d3";
const KEY_1: &str = "c05b558acede1ff7b8537b505aa2261fb142d37fb14e843af3f7e5aba0ae08ce";
const KEY_2: &str = "931b0fc8b029bacd0db349deef777ba0ca1850a01eee71fc5c02266646797e9b";
const FIRST_WS: &str = "22f627046ff4a0bf3972792230fe88705c3fb5cdcd35be79e8d7e3ff96789102ad6341de4180badb8931ca0d68e5f75b15664\
    d2174b399c571bcb60d1878ea66cfe20d50e938522ee950a37828245cf44cf09b72e9e124e80901e41d3b39483026db8f91390b3b17029a89e9";
const FIRST_TCP: &str = "000000580068b4f7923dd79170a8577e756e04f393274134a6cc9e28a66666c6b4e8476cff08ad613bd44d87f4cd8f78cd06\
    746ae50c02b65a4f78bfd5f17ca7e110136beb35d2fa12eb3d1344de3b67b57dc8832515b157fd8bee44d844e0b68493417622c6a6a2db0a15215cce";

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

fn persons() -> (Person, Person) {
    let seed = |first: u8| std::array::from_fn(|index| first + index as u8);
    (Person::with_seed("a.dev", seed(0)), Person::with_seed("b.dev", seed(0x20)))
}

fn payload(person: &Person, noise: &Handshake) -> Vec<u8> {
    encode(&HandshakePayload {
        protocol_version: 1,
        name: person.name.clone(),
        signature: person.sign(&noise.static_public),
        proxy_request: false,
    })
}

/// After the three messages, whose bytes are compared on the way.
fn handshake() -> Result<(Handshake, Handshake)> {
    let (a, b) = persons();
    let mut initiator = Handshake::with_keys(Role::Initiator, &[2; 32], Some(&[1; 32]));
    let mut responder = Handshake::with_keys(Role::Responder, &[4; 32], Some(&[3; 32]));
    let first = initiator.write(&[]);
    same!(hex(&first), MESSAGE_1, "message 1");
    responder.read(&first)?;
    let told = payload(&b, &responder);
    same!(hex(&told), PAYLOAD, "payload of message 2");
    let second = responder.write(&told);
    same!(hex(&second), MESSAGE_2, "message 2");
    same!(initiator.read(&second)?, told, "payload of message 2, read");
    same!(initiator.remote_static()?, responder.static_public, "static key of the responder");
    let third = initiator.write(&payload(&a, &initiator));
    same!(hex(&third), MESSAGE_3, "message 3");
    responder.read(&third)?;
    same!(responder.remote_static()?, initiator.static_public, "static key of the initiator");
    Ok((initiator, responder))
}

/// The first bytes after the handshake, from A to B.
fn first_bytes(transport: Transport) -> Result<Vec<u8>> {
    let mut ciphers = handshake()?.0.finish()?;
    let hello = hello();
    let length = (hello.len() as u32).to_be_bytes();
    Ok(match transport {
        Transport::Tcp => {
            let frame = ciphers.seal(&hello);
            [&length[..], &(frame.len() as u16).to_be_bytes(), &frame].concat()
        }
        Transport::Ws => ciphers.seal(&[&length[..], &hello].concat()),
    })
}

fn hello() -> Vec<u8> {
    encode(&crate::messages::ask(1, "a.dev@hi:terminal:sys", "b.dev@net:distro:sys", b"hello"))
}

pub fn cases(cases: &mut Cases) {
    cases.group("Vectors");
    cases.add("ed25519_keys", |_| {
        let (a, b) = persons();
        let keys = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";
        same!(hex(a.public().as_bytes()), keys, "key of A");
        same!(
            hex(b.public().as_bytes()),
            "29acbae141bccaf0b22e1a94d34d0bc7361e526d0bfe12c89794bc9322966dd7",
            "key of B"
        );
        Ok(())
    });
    cases.add("hello_and_its_ack", |_| {
        same!(hex(&hello()), HELLO, "hello");
        let message: crate::messages::KernelMessage = crate::messages::decode(&hello())?;
        same!(hex(&encode(&message.answer(b"ack"))), ACK, "ack");
        Ok(())
    });
    cases.add("connection_request", |_| {
        let body = encode(&NetAction::ConnectionRequest("a.dev".into()));
        same!(hex(&body), "81b1436f6e6e656374696f6e52657175657374a5612e646576", "its bytes");
        Ok(())
    });
    cases.add("routing_request", |_| {
        same!(hex(&encode(&routing_request(&persons().0, "b.dev", "r.dev"))), ROUTING_REQUEST, "its bytes");
        Ok(())
    });
    cases.add("handshake", |_| handshake().map(|_| ()));
    cases.add("hash_and_keys", |_| {
        for mut side in <[Handshake; 2]>::from(handshake()?) {
            same!(hex(&side.hash()), HASH, "hash");
            let (there, back) = side.keys();
            same!(hex(&there), KEY_1, "key from initiator to responder");
            same!(hex(&back), KEY_2, "key from responder to initiator");
        }
        Ok(())
    });
    cases.add("first_bytes_tcp", |_| {
        same!(hex(&first_bytes(Transport::Tcp)?), FIRST_TCP, "its bytes");
        Ok(())
    });
    cases.add("first_bytes_ws", |_| {
        same!(hex(&first_bytes(Transport::Ws)?), FIRST_WS, "its bytes");
        Ok(())
    });
    cases.add("largest_message_in_161_chunks", |_| {
        same!(crate::messages::LARGEST.div_ceil(CHUNK), 161, "chunks");
        Ok(())
    });
}
