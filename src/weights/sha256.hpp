#pragma once
// SHA-256 in hexadecimal.

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace pool3::weights {

/// SHA-256 of bytes given piece by piece.
class Sha256 {
 public:
  Sha256();
  void add(std::string_view bytes);
  /// 64 lower-case hex digits. Call once, last.
  [[nodiscard]] std::string hex();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

/// SHA-256 of `bytes`, 64 lower-case hex digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace pool3::weights
