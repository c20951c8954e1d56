#include "codec/base64.h"

#include <gtest/gtest.h>

namespace kinode::codec {
namespace {

std::vector<uint8_t> bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

TEST(Base64, VectorsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(encode_base64(bytes_of(plain)), encoded);
    EXPECT_EQ(decode_base64(encoded), bytes_of(plain));
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const std::string_view text : {"Zg", "Zg=", "Zg===", "=Zg=", "Z===", "====", "Zm9v\n", "Zm 9v===", "Zm8",
                                      "Zh==", "Zm9=", "Zm9-", "Zm9_", "Zg==Zg==", "Zm9\xc3"}) {
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
  }
}

TEST(Base64, TheAlphabetForUrls) {
  const std::vector<uint8_t> bytes{0xfb, 0xff, 0xfe, 0x3e};
  EXPECT_EQ(encode_base64url(bytes), "-__-Pg");
  EXPECT_EQ(decode_base64url("-__-Pg"), bytes);
  EXPECT_EQ(decode_base64url(""), std::vector<uint8_t>{});
  for (const std::string_view text : {"-__-Pg==", "+__-Pg", "-__-P", "-__-Ph", "-__-P g"}) {
    EXPECT_EQ(decode_base64url(text), std::nullopt) << text;
  }
}

TEST(Base64, LongInputComesBackWhole) {
  std::vector<uint8_t> bytes((size_t{5} << 20) + 1);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(i * 31 + (i >> 8));
  }
  const std::string text = encode_base64(bytes);
  EXPECT_EQ(text.size() % 4, 0U);
  EXPECT_EQ(decode_base64(text), bytes);
}

}  // namespace
}  // namespace kinode::codec
