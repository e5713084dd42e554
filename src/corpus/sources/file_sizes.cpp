#include "corpus/sources/file_sizes.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "corpus/shards/shards.hpp"
#include "corpus/sources/text_packing.hpp"
#include "corpus/sources/work_rounds.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

/// Files of one round for each rank: their paths are a few MB.
constexpr std::int64_t files_of_round = 16384;

std::int64_t size_of(const std::string& path, Shards& shards) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return S_ISREG(status.st_mode) ? std::int64_t{status.st_size} : -1;
  if (errno != ENOTDIR) return -1;
  const auto member = split_shard_path(path);
  if (!member) return -1;
  try {
    return shards.size_of(*member);
  } catch (const Error&) {
    return -1;  // the row will say why when it is read
  }
}

std::string sizes_of(std::string_view paths, Shards& shards) {
  std::string sizes;
  while (!paths.empty()) pack(sizes, fmt::to_string(size_of(std::string(unpack(paths)), shards)));
  return sizes;
}

/// Goes over the rows of unknown size, twice: once to ask, once to fill in.
class SizeRows {
 public:
  SizeRows(const std::string& root, ManifestDraft& draft) : root_(root), draft_(draft) {}

  std::vector<std::string> next(int ranks) {
    std::vector<std::string> parts;
    for (int rank = 0; rank < ranks && skip_known(asked_); ++rank) {
      std::string part;
      for (std::int64_t i = 0; i < files_of_round && skip_known(asked_); ++i, ++asked_) {
        pack(part, full_path(root_, draft_.paths[asked_]));
      }
      parts.push_back(std::move(part));
    }
    return parts;
  }

  void take(std::string_view sizes) {
    while (!sizes.empty()) {
      const std::string_view text = unpack(sizes);
      skip_known(filled_);
      std::from_chars(text.data(), text.data() + text.size(), draft_.bytes[static_cast<std::size_t>(filled_)]);
    }
  }

 private:
  /// Moves to the next row of unknown size; false if there is none.
  bool skip_known(std::int64_t& row) const {
    while (row < draft_.size() && draft_.bytes[static_cast<std::size_t>(row)] != ManifestDraft::unknown) ++row;
    return row < draft_.size();
  }

  const std::string& root_;
  ManifestDraft& draft_;
  std::int64_t asked_ = 0;
  std::int64_t filled_ = 0;
};

}  // namespace

void look_up_sizes(const Communicator& comm, const std::string& root, ManifestDraft& draft) {
  SizeRows rows(root, draft);
  Shards shards;
  run_rounds(comm, {.next = [&] { return rows.next(comm.size()); },
                    .work = [&](const std::string& paths) { return sizes_of(paths, shards); },
                    .take =
                        [&](std::vector<std::string>&& answers) {
                          for (const std::string& answer : answers) rows.take(answer);
                        }});
}

}  // namespace pool3::corpus
