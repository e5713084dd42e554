#pragma once
// Tar files written by hand, from POSIX's description of ustar.

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace pool3::test {

/// One member; `type` '0' is a file, '1' a hard link, '2' a symlink, '5' a folder.
inline std::string tar_member(std::string_view name, std::string_view content, char type = '0',
                              std::string_view target = "") {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) { header.replace(at, text.size(), text); };
  std::array<char, 16> size{};
  std::snprintf(size.data(), size.size(), "%011o", static_cast<unsigned>(content.size()));
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, size.data());
  put(136, "00000000000");
  put(148, "        ");
  put(156, std::string_view(&type, 1));
  put(157, target);
  put(257, std::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::array<char, 16> checksum{};
  std::snprintf(checksum.data(), checksum.size(), "%06o", sum);
  put(148, std::string_view(checksum.data(), 7));
  const std::size_t padding = (512 - content.size() % 512) % 512;
  return header.append(content).append(padding, '\0');
}

inline std::string tar_end() {
  std::string zeros(1024, '\0');
  return zeros;
}

/// The bytes as a gzip file that does not compress them: RFC 1952, around the stored blocks of RFC 1951.
inline std::string gzip(std::string_view bytes) {
  std::string file("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  const auto put = [&](std::uint32_t value, int count) {
    for (int i = 0; i < count; ++i) file += static_cast<char>(value >> (8 * i));
  };
  std::uint32_t sum = 0xFFFFFFFF;
  for (const char c : bytes) {
    sum ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1U) ^ ((sum & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  constexpr std::size_t longest = 65535;
  for (std::size_t at = 0; at == 0 || at < bytes.size(); at += longest) {
    const std::string_view block = bytes.substr(at, longest);
    put(at + longest >= bytes.size() ? 1 : 0, 1);
    put(static_cast<std::uint32_t>(block.size()), 2);
    put(~static_cast<std::uint32_t>(block.size()), 2);
    file += block;
  }
  put(~sum, 4);
  put(static_cast<std::uint32_t>(bytes.size()), 4);
  return file;
}

}  // namespace pool3::test
