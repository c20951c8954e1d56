// The keys and bytes of networking.md 11.1: a.dev dials b.dev.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "crypto/ed25519.h"
#include "crypto/hex.h"
#include "crypto/x25519.h"

namespace kinode::wire::golden {

inline Bytes bytes(std::string_view hex) { return Bytes::from(crypto::from_hex(hex).value()); }

/// The networking key of the seed first, first + 1, ...
inline crypto::SigningKey signing_key(uint8_t first) {
  std::array<uint8_t, 32> seed{};
  for (uint8_t i = 0; i < 32; ++i) {
    seed[i] = static_cast<uint8_t>(first + i);
  }
  return crypto::SigningKey::from_seed(seed);
}
inline crypto::SigningKey a_key() { return signing_key(0x00); }
inline crypto::SigningKey b_key() { return signing_key(0x20); }

/// The X25519 key of 32 such bytes: a's ephemeral and static one are of 1 and 2, b's of 3 and 4.
inline crypto::X25519Key x25519_key(uint8_t byte) {
  std::array<uint8_t, 32> private_key{};
  private_key.fill(byte);
  return crypto::X25519Key::from_private(private_key);
}

constexpr std::string_view a_public = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";
constexpr std::string_view b_public = "29acbae141bccaf0b22e1a94d34d0bc7361e526d0bfe12c89794bc9322966dd7";

constexpr std::string_view hello =
    "9601b5612e6465764068693a7465726d696e616c3a737973b4622e646576406e65743a64697374726f3a737973b5612e6465"
    "764068693a7465726d696e616c3a73797381a75265717565737495c20a9568656c6c6fc090c0";
constexpr std::string_view connection_request = "81b1436f6e6e656374696f6e52657175657374a5612e646576";
constexpr std::string_view routing_request =
    "9401a5612e646576dc0040ccc8ccedccec2f25ccea5ecc89ccd12bccdcccd2ccd45ecca71b08ccaf04cc886dcc8accdbccfb"
    "ccf7cc8dcccb5bccfc6b21cc81cc9975ccbccca6433fcc87cccfccc1707bccf5ccb5cc98ccb23245cce23c59cca77fccf749"
    "461938cc9acce0cc9f0006a5622e646576";
constexpr std::string_view message_1 = "a4e09292b651c278b9772c569f5fa9bb13d906b46ab68c9df9dc2b4409f8a209";
constexpr std::string_view payload_2 =
    "9401a5622e646576dc004028cca4127467cc86ccc240ccc267ccbb4cccc0ccfdcca9ccbe74ccce3f305639cc8f6816687ccc"
    "e1ccbbcca6cc8d3bccd3cc811f63ccd6cc9c0fcc9cccc81eccaccc9257412ecc90ccc5cc9f10ccd157ccb663ccb960cce07d"
    "7209cceacc8c00c2";
constexpr std::string_view message_2 =
    "5dfedd3b6bd47f6fa28ee15d969d5bb0ea53774d488bdaf9df1c6e0124b3ef22fe694bce9ee4948d6b549f0241137697744f"
    "686bfb76e0f0cef27625f26ee55695b80a9969bdd32c20b375cce719711ede1589b5ebe658096ccbbaecefba30587ddc55cf"
    "2e7bd873b2bb5187a6f15f586a116e08d999357f79d2f97fe2a427e73b1806592a1b41ca534b50e399d3194c35ec8eebf604"
    "1ceed1556cc6e2614983ad705048971dee34490f864053d75c0cbf29ebff5a538316d049166e047d3c5346d79adb4b810b9e"
    "c38a3b93";
constexpr std::string_view message_3 =
    "24c1fca651e2ed6b0cfb252384122d4d8653cf6555ae2e4fbb8cbb20c43f259b1e96851893e7d7ceb95e1e1ec84c565c587e"
    "3e8c6c383529aaf1dadef97e6a350568d02d069b25cbe6b6977c014072402487055a10a26120c2a072fa801f66db4921ce4d"
    "18c70138b8854c00fad184e5d7e4f9c78a20ba0d75d034c4f57bce14faeff4f269dacf9bf41a52982091ef3635850ca7b84f"
    "cd65ba1aa55fb44a3d8c724eb81dcb88de7556ccad2e97";
constexpr std::string_view handshake_hash = "11cb5be1c3c36eb5193e1bd913279beb51eb7116d857f8cd35ea414e543e96d3";
constexpr std::string_view k1 = "c05b558acede1ff7b8537b505aa2261fb142d37fb14e843af3f7e5aba0ae08ce";
constexpr std::string_view k2 = "931b0fc8b029bacd0db349deef777ba0ca1850a01eee71fc5c02266646797e9b";
constexpr std::string_view hello_ws =
    "22f627046ff4a0bf3972792230fe88705c3fb5cdcd35be79e8d7e3ff96789102ad6341de4180badb8931ca0d68e5f75b1566"
    "4d2174b399c571bcb60d1878ea66cfe20d50e938522ee950a37828245cf44cf09b72e9e124e80901e41d3b39483026db8f91"
    "390b3b17029a89e9";
constexpr std::string_view hello_tcp =
    "000000580068b4f7923dd79170a8577e756e04f393274134a6cc9e28a66666c6b4e8476cff08ad613bd44d87f4cd8f78cd06"
    "746ae50c02b65a4f78bfd5f17ca7e110136beb35d2fa12eb3d1344de3b67b57dc8832515b157fd8bee44d844e0b684934176"
    "22c6a6a2db0a15215cce";

}  // namespace kinode::wire::golden
