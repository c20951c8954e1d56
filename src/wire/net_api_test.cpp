#include "wire/net_api.h"

#include <gtest/gtest.h>

#include "codec/generators_test.h"
#include "wire/golden_test.h"

namespace kinode::wire {
namespace {

using codec::ByteForm;
using crypto::to_hex;

std::string hex_of(const NetAction& action) { return to_hex(encode_net_action(action).span()); }
std::string hex_of(const NetResponse& response) { return to_hex(encode_net_response(response).span()); }

Result<NetAction> action_of(std::string_view hex) { return decode_net_action(golden::bytes(hex)); }

Address some_address() { return {"a.dev", ProcessId("p", "q", "r.os")}; }

// ---- the forms of each variant ------------------------------------------------------------------------

TEST(NetAction, HasTheFormsOfTheReference) {
  EXPECT_EQ(hex_of(ConnectionRequest{"a.dev"}), golden::connection_request);
  EXPECT_EQ(action_of(golden::connection_request), NetAction(ConnectionRequest{"a.dev"}));

  // Written by hand from networking.md 3.1 and 6.
  const KnsUpdate update{"a.dev", "0xab", {"127.0.0.1"}, {{"ws", 9000}, {"tcp", 1}}, {"r.os"}};
  const std::string update_hex =
      "95a5612e646576a430786162"
      "91a93132372e302e302e31"
      "82a374637001a27773cd2328"
      "91a4722e6f73";
  const std::vector<std::pair<NetAction, std::string>> forms = {
      {update, "81a94b6e73557064617465" + update_hex},
      {KnsBatchUpdate{{update, update}}, "81ae4b6e73426174636855706461746592" + update_hex + update_hex},
      {GetPeers{}, "a84765745065657273"},
      {GetPeer{"b"}, "81a747657450656572a162"},
      {GetDiagnostics{}, "ae476574446961676e6f7374696373"},
      {Sign{}, "a45369676e"},
      {Verify{some_address(), Bytes::copy_of("\x01\xff")}, "81a656657269667992ae612e64657640703a713a722e6f739201ccff"},
  };
  for (const auto& [action, hex] : forms) {
    EXPECT_EQ(hex_of(action), hex);
    EXPECT_EQ(action_of(hex), action) << hex;
  }
}

TEST(NetAction, VariantsAreReadByNumber) {
  EXPECT_EQ(action_of("03"), NetAction(GetPeers{}));
  EXPECT_EQ(action_of("05"), NetAction(GetDiagnostics{}));
  EXPECT_EQ(action_of("06"), NetAction(Sign{}));
  EXPECT_EQ(action_of("cc06"), NetAction(Sign{}));
  EXPECT_EQ(action_of("8100a161"), NetAction(ConnectionRequest{"a"}));
  EXPECT_EQ(action_of("8104a161"), NetAction(GetPeer{"a"}));
  EXPECT_EQ(action_of("8106c0"), NetAction(Sign{})) << "a variant that carries nothing, as a map";
  for (std::string_view hex :
       {"01", "00", "04", "07", "08", "cf0000000100000003", "ff", "8108c0", "8106a161", "8103"}) {
    EXPECT_FALSE(action_of(hex)) << hex;
  }
}

TEST(NetAction, GreetingsAreNone) {
  for (std::string_view text : {"hello", "", "ack", "{\"FdsLimit\":3}", "GetPeers"}) {
    EXPECT_FALSE(decode_net_action(Bytes::copy_of(text))) << text;
  }
  EXPECT_FALSE(action_of("a747657450656572")) << "GetPeer without a name";
  EXPECT_FALSE(action_of("81a84765745065657273a161")) << "GetPeers with one";
  EXPECT_FALSE(action_of("82a45369676ec0a45369676ec0")) << "two variants";
  EXPECT_FALSE(action_of("81a656657269667992a16100")) << "no address";
}

TEST(NetResponse, HasTheFormsOfTheReference) {
  const Identity direct{"a", "k", {"1.2.3.4", {{"ws", 1}, {"tcp", 2}}}, {}};
  const Identity routed{"b", "k", {}, {"r", "s"}};
  const std::string direct_hex =
      "93a161a16b81a6446972656374"
      "92a7312e322e332e34"
      "82a374637002a2777301";
  const std::string routed_hex = "93a162a16b81a7526f757465727392a172a173";
  const std::vector<std::pair<NetResponse, std::string>> forms = {
      {Accepted{"a"}, "81a84163636570746564a161"},
      {Rejected{"a"}, "81a852656a6563746564a161"},
      {Peers{{direct, routed}}, "81a5506565727392" + direct_hex + routed_hex},
      {Peer{direct}, "81a450656572" + direct_hex},
      {Peer{}, "81a450656572c0"},
      {Diagnostics{"x"}, "81ab446961676e6f7374696373a178"},
      {Signed{}, "a65369676e6564"},
      {Verified{true}, "81a85665726966696564c3"},
      {Verified{false}, "81a85665726966696564c2"},
  };
  for (const auto& [response, hex] : forms) {
    EXPECT_EQ(hex_of(response), hex);
    EXPECT_EQ(decode_net_response(golden::bytes(hex)), response) << hex;
  }
  EXPECT_EQ(decode_net_response(golden::bytes("05")), NetResponse(Signed{}));
  EXPECT_EQ(decode_net_response(golden::bytes("8106c3")), NetResponse(Verified{true}));
}

TEST(IdentityForm, BothRoutesAreReadAndNotWritten) {
  const std::string hex =
      "93a161a16b81a4426f7468"
      "93a7312e322e332e3481a2777301"
      "91a172";
  Identity both = decode_identity(golden::bytes(hex)).value();
  EXPECT_EQ(both, (Identity{"a", "k", {"1.2.3.4", {{"ws", 1}}}, {"r"}}));
  both.routers.clear();
  EXPECT_EQ(decode_identity(encode_identity(both)), both);
}

// ---- bounds -------------------------------------------------------------------------------------------

TEST(NetApiBounds, ListsAndTextsOfAnEntry) {
  auto accepted = [](const KnsUpdate& update) { return decode_net_action(encode_net_action(update)).has_value(); };
  const std::vector<std::string> most(64, "1.1.1.1");
  const std::vector<std::string> too_many(65, "1.1.1.1");
  std::map<std::string, uint16_t> ports;
  for (uint16_t i = 0; i < 64; ++i) {
    ports[std::to_string(i)] = i;
  }
  const std::string longest(253, 'a');
  EXPECT_TRUE(accepted({longest, longest, most, ports, most}));
  EXPECT_FALSE(accepted({longest + "a", "", {}, {}, {}}));
  EXPECT_FALSE(accepted({"", longest + "a", {}, {}, {}}));
  EXPECT_FALSE(accepted({"", "", too_many, {}, {}}));
  EXPECT_FALSE(accepted({"", "", {}, {}, too_many}));
  EXPECT_FALSE(accepted({"", "", {longest + "a"}, {}, {}}));
  ports["more"] = 1;
  EXPECT_FALSE(accepted({"", "", {}, ports, {}}));
  EXPECT_FALSE(decode_net_action(encode_net_action(GetPeer{longest + "a"})));
}

TEST(NetApiBounds, APortIsBelow65536) {
  // {"KnsUpdate": ["", "", [], {"ws": 65536}, []]}
  EXPECT_TRUE(action_of("81a94b6e7355706461746595a0a09081a27773cdffff90"));
  EXPECT_FALSE(action_of("81a94b6e7355706461746595a0a09081a27773ce0001000090"));
}

TEST(NetApiBounds, OneOddEntryOfABatchHidesNoOther) {
  const KnsUpdate good{"a", "k", {}, {}, {"r"}};
  KnsUpdate odd = good;
  odd.name.assign(254, 'a');
  Result<NetAction> batch = decode_net_action(encode_net_action(KnsBatchUpdate{{good, odd, good}}));
  ASSERT_TRUE(batch);
  EXPECT_EQ(*batch, NetAction(KnsBatchUpdate{{good, good}}));
}

TEST(NetApiBounds, ABatchOfTooMany) {
  EXPECT_TRUE(decode_net_action(encode_net_action(KnsBatchUpdate{std::vector<KnsUpdate>(65536)})));
  EXPECT_FALSE(decode_net_action(encode_net_action(KnsBatchUpdate{std::vector<KnsUpdate>(65537)})));
  EXPECT_FALSE(action_of("81ae4b6e734261746368557064617465ddffffffff")) << "claimed and not there";
}

// ---- there and back -----------------------------------------------------------------------------------

std::string any_name() { return *rc::gen::element<std::string>("a.dev", "b", "é", ""); }

std::map<std::string, uint16_t> any_ports() {
  std::map<std::string, uint16_t> ports;
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
    ports[any_name()] = *rc::gen::arbitrary<uint16_t>();
  }
  return ports;
}

KnsUpdate any_update() {
  std::string name = any_name();
  std::vector<std::string> ips = codec::some(any_name);
  return {name, any_name(), ips, any_ports(), codec::some(any_name)};
}

Identity any_identity() {
  Identity identity{any_name(), any_name(), {}, {}};
  if (*rc::gen::arbitrary<bool>()) {
    identity.direct = {"::1", any_ports()};
  } else {
    identity.routers = codec::some(any_name);
  }
  return identity;
}

TEST(NetApiProperty, ActionsGoThereAndBack) {
  EXPECT_TRUE(rc::check("each variant", [] {
    Address from = codec::any_address();
    const std::vector<NetAction> actions = {
        ConnectionRequest{any_name()},    any_update(), KnsBatchUpdate{codec::some(any_update)}, GetPeer{any_name()},
        Verify{from, codec::any_bytes()},
    };
    for (const NetAction& action : actions) {
      for (ByteForm form : {ByteForm::integers, ByteForm::bin}) {
        Result<NetAction> back = decode_net_action(encode_net_action(action, form));
        RC_ASSERT(back.has_value());
        RC_ASSERT(bool(*back == action));
      }
    }
  }));
}

TEST(NetApiProperty, ResponsesGoThereAndBack) {
  EXPECT_TRUE(rc::check("each variant", [](bool flag) {
    const std::vector<NetResponse> responses = {
        Accepted{any_name()},
        Rejected{any_name()},
        Peers{codec::some(any_identity)},
        Peer{flag ? std::optional(any_identity()) : std::nullopt},
        Diagnostics{codec::any_text()},
        Verified{flag},
    };
    for (const NetResponse& response : responses) {
      Result<NetResponse> back = decode_net_response(encode_net_response(response));
      RC_ASSERT(back.has_value());
      RC_ASSERT(bool(*back == response));
    }
  }));
}

TEST(NetApiProperty, AnyBytesAreReadOrRefused) {
  EXPECT_TRUE(rc::check("bytes", [] {
    const Bytes bytes = codec::any_bytes();
    (void)decode_net_action(bytes);
    (void)decode_net_response(bytes);
    (void)decode_identity(bytes);
  }));
}

}  // namespace
}  // namespace kinode::wire
