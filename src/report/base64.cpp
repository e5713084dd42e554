#include "report/base64.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>

namespace pool3::report {

std::string base64(std::string_view bytes) {
  constexpr std::size_t at_once = 3 << 20;  // the library counts in ints
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += at_once) {
    const std::string_view part = bytes.substr(at, at_once);
    const std::size_t before = out.size();
    out.resize(before + (part.size() + 2) / 3 * 4 + 1);  // EVP_EncodeBlock ends it with a NUL
    const int length =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(&out[before]),
                        reinterpret_cast<const unsigned char*>(part.data()), static_cast<int>(part.size()));
    out.resize(before + static_cast<std::size_t>(length));
  }
  return out;
}

std::string policy_hash(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return fmt::format("'sha256-{}'", base64({reinterpret_cast<const char*>(digest.data()), digest.size()}));
}

}  // namespace pool3::report
