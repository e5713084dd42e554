#pragma once
// Tar files written by hand, from POSIX's description of ustar.

#include <array>
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

}  // namespace pool3::test
