// Equality of capabilities against a slow and obvious model: params are equal when they are the same JSON value.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "types/capability.h"

namespace kinode {
namespace {

using Json = nlohmann::json;

/// Few values, so that equal ones are common.
Json any_value(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 8 : 6)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::element<uint64_t>(0, 1, UINT64_MAX);
    case 3:
      return *rc::gen::element<int64_t>(-1, INT64_MIN);
    case 4:
      return *rc::gen::element(0.0, 1.0, 0.1, 1e300);
    case 5:
      return *rc::gen::element<std::string>("", "a", "é", "\"\\", "1");
    case 6: {
      Json list = Json::array();
      for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
        list.push_back(any_value(depth - 1));
      }
      return list;
    }
    default: {
      Json object = Json::object();
      for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
        object[*rc::gen::element<std::string>("a", "b", "é")] = any_value(depth - 1);
      }
      return object;
    }
  }
}

std::string any_space() { return *rc::gen::element<std::string>("", " ", "\n\t"); }

/// The text of the value with white space anywhere, keys in any order, and letters escaped or not.
std::string any_text_of(const Json& value) {
  std::string text = any_space();
  if (value.is_array()) {
    text += "[";
    for (size_t i = 0; i < value.size(); ++i) {
      text += (i > 0 ? "," : "") + any_text_of(value[i]);
    }
    text += any_space() + "]";
  } else if (value.is_object()) {
    std::vector<std::string> members;
    for (const auto& [key, member] : value.items()) {
      members.push_back(any_text_of(Json(key)) + ":" + any_text_of(member));
    }
    if (*rc::gen::arbitrary<bool>()) {
      std::ranges::reverse(members);
    }
    text += "{";
    for (size_t i = 0; i < members.size(); ++i) {
      text += (i > 0 ? "," : "") + members[i];
    }
    text += any_space() + "}";
  } else {
    text += value.dump(-1, ' ', *rc::gen::arbitrary<bool>());
  }
  return text + any_space();
}

/// Other than for the library, 1 and 1.0 differ, and so do -1 and 2^64 - 1.
bool same(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) {
    return a.type() == b.type() && a == b;
  }
  if (a.type() != b.type() || a.size() != b.size()) {
    return false;
  }
  if (a.is_array()) {
    return std::ranges::equal(a, b, same);
  }
  if (a.is_object()) {
    return std::ranges::all_of(a.items(), [&](const auto& member) {
      return b.contains(member.key()) && same(member.value(), b[member.key()]);
    });
  }
  return a == b;
}

Address any_issuer() {
  return {*rc::gen::element<std::string>("n.os", "m.os"),
          ProcessId(*rc::gen::element<std::string>("a", "b"), "p", "q")};
}

TEST(CapabilityProperty, IsEqualWhereIssuerAndValueAre) {
  EXPECT_TRUE(rc::check("two of anything", [] {
    Json first = any_value(2);
    Json second = *rc::gen::arbitrary<bool>() ? first : any_value(2);
    Capability a = *Capability::make(any_issuer(), any_text_of(first));
    Capability b = *Capability::make(any_issuer(), any_text_of(second));
    const bool equal = a.issuer() == b.issuer() && same(first, second);
    RC_CLASSIFY(equal);
    RC_ASSERT((a == b) == equal);
    RC_ASSERT(!equal || a.hash() == b.hash());
    RC_ASSERT((a.canonical_params() == b.canonical_params()) == same(first, second));
  }));
}

}  // namespace
}  // namespace kinode
