#include "weights/sha256.hpp"

#include <fmt/ranges.h>

#include <array>
#include <cerrno>
#include <fstream>

#include "pool3/error.hpp"
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
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw file_error("checksum", path, errno);
  weights::Sha256 sum;
  std::string piece(std::size_t{1} << 20U, '\0');
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0) {
    sum.add({piece.data(), static_cast<std::size_t>(file.gcount())});
  }
  if (file.bad()) throw file_error("checksum", path, errno);
  return sum.hex();
}

}  // namespace pool3
