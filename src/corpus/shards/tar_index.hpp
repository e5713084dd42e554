#pragma once
// Which pictures a tar file holds, and where. Private to the room.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/left_out.hpp"
#include "pool3/corpus.hpp"
#include "pool3/files.hpp"

namespace pool3::corpus {

/// The pictures of a tar file in byte order of names, each once: of equal names the last one counts, as in unpacking.
struct TarIndex {
  StringTable names;                   ///< without "./" in front
  StringTable labels;                  ///< of KEY.cls, KEY.json or KEY.txt; "" for none
  std::vector<bool> perhaps_captions;  ///< the label is of KEY.txt, which holds captions in many sets
  std::int64_t unclear_labels = 0;     ///< pictures whose label file is there and holds no label
  std::vector<std::int64_t> offsets;   ///< of the bytes, in the unpacked tar file; -1: no bytes of its own (a symlink)
  std::vector<std::int64_t> bytes;
  std::string damage;  ///< why what comes after these could not be read; "" for a whole file
  LeftOut left_out;    ///< members that are no pictures of the catalogue, nor their labels
  [[nodiscard]] std::int64_t size() const { return names.size(); }
  /// The place of a name, or -1.
  [[nodiscard]] std::int64_t find(std::string_view name) const;
};

/// Reads the headers and labels of a tar file, plain or compressed by its content. Throws Error: can't be opened, not
/// a tar file.
[[nodiscard]] TarIndex index_tar(const std::string& path);
/// The same of bytes in memory; `path` is for errors.
[[nodiscard]] TarIndex index_tar(const std::string& path, std::span<const char> bytes);

}  // namespace pool3::corpus
