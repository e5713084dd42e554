#include "weights/sha256.hpp"

#include <fmt/ranges.h>

#include <array>
#include <cstdint>
#include <span>

#include "pool3/files.hpp"
#include "pool3/weights.hpp"

namespace pool3 {
namespace weights {
namespace {

void check(bool good) {
  if (!good) throw Error({.stage = "checksum", .cause = "the cryptography library refused SHA-256"});
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::add(std::string_view bytes) { check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1); }

std::string Sha256::hex() {
  std::array<unsigned char, 32> digest = {};
  check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 sum;
  sum.add(bytes);
  return sum.hex();
}

}  // namespace weights

std::string sha256_of_file(const std::string& path) {
  const Descriptor file = open_source({"checksum", path});
  weights::Sha256 sum;
  std::string piece(std::size_t{1} << 20U, '\0');
  std::int64_t at = 0;
  while (const std::size_t got = file.read(at, std::as_writable_bytes(std::span(piece)))) {
    sum.add(std::string_view(piece).substr(0, got));
    at += static_cast<std::int64_t>(got);
  }
  return sum.hex();
}

}  // namespace pool3
