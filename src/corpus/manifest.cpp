#include <sys/stat.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <map>
#include <memory>
#include <new>
#include <utility>

#include "corpus/entries.hpp"
#include "corpus/labels.hpp"
#include "pool3/corpus.hpp"
#include "pool3/error.hpp"

namespace pool3 {
namespace corpus {
namespace {

namespace fs = std::filesystem;

/// XXH3-128 of a stream of fields.
class Hash {
 public:
  Hash() : state_(XXH3_createState()) {
    if (!state_) throw std::bad_alloc();
    XXH3_128bits_reset(state_.get());
  }
  void text(std::string_view value) {
    XXH3_128bits_update(state_.get(), value.data(), value.size());
    XXH3_128bits_update(state_.get(), "", 1);
  }
  void number(std::int64_t value) {
    std::array<unsigned char, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(value) >> (8 * i));
    }
    XXH3_128bits_update(state_.get(), bytes.data(), bytes.size());
  }
  [[nodiscard]] std::string hex() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
    return to_hex({.high = hash.high64, .low = hash.low64});
  }

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
};

struct Listing {
  std::string root;
  std::vector<Entry> entries;
};

std::string absolute_folder(const fs::path& folder) {
  std::error_code error;
  const fs::path path = fs::canonical(folder, error);
  if (error) throw file_error(stage, folder.string(), error.value());
  return path.string();
}

void fill_in_sizes(Listing& listing) {
  for (Entry& entry : listing.entries) {
    struct stat status {};
    const bool found = ::stat(full_path(listing.root, entry.path).c_str(), &status) == 0 && S_ISREG(status.st_mode);
    entry.bytes = found ? static_cast<std::int64_t>(status.st_size) : -1;
  }
}

void sort_and_drop_repeats(std::vector<Entry>& entries, const std::string& corpus) {
  std::ranges::stable_sort(entries, {}, &Entry::path);
  const auto is_repeat = [&](const Entry& a, const Entry& b) {
    if (a.path != b.path) return false;
    if (a.column == b.column) return true;
    throw Error({.stage = stage,
                 .path = corpus,
                 .cause = "lines " + std::to_string(a.line) + " and " + std::to_string(b.line) + " give \"" + a.path +
                          "\" two labels: \"" + a.column + "\" and \"" + b.column + "\"",
                 .advice = "a picture has one label"});
  };
  entries.erase(std::unique(entries.begin(), entries.end(), is_repeat), entries.end());
}

void require_label_column(const LabelRule& rule, bool has_labels, const std::string& corpus) {
  if (rule.kind != LabelRule::Kind::column || has_labels) return;
  throw usage_error("--labels column: " + corpus + " has no label column",
                    "use a CSV or TSV table with the columns path and label, or another rule");
}

Listing list_any(const CorpusOptions& options) {
  struct stat status {};
  if (::stat(options.corpus.c_str(), &status) != 0) throw file_error(stage, options.corpus, errno);
  if (S_ISDIR(status.st_mode)) {
    require_label_column(options.labels, false, options.corpus);
    std::string root = absolute_folder(options.corpus);
    std::vector<Entry> entries = list_folder(root);
    return {std::move(root), std::move(entries)};
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error({.stage = stage, .path = options.corpus, .cause = "neither a folder nor a regular file"});
  }
  Table table = read_table(options.corpus);
  if (!table.entries.empty()) require_label_column(options.labels, table.has_labels, options.corpus);
  Listing listing{absolute_folder(fs::absolute(options.corpus).parent_path()), std::move(table.entries)};
  fill_in_sizes(listing);
  return listing;
}

void require_entries(const Listing& listing, const std::string& corpus) {
  if (!listing.entries.empty()) return;
  throw Error({.stage = stage,
               .path = corpus,
               .cause = "no pictures found",
               .advice = "in a folder, names that end in .jpg, .jpeg, .png, .webp, .gif, .bmp, .tif or .tiff are "
                         "looked for; in a table or list, each line names a file"});
}

/// Gives every row its class, and fills in `classes` in byte order.
void number_labels(Manifest& manifest, const std::vector<std::string>& labels) {
  std::map<std::string_view, std::int32_t> numbers;
  for (const std::string& label : labels) {
    if (!label.empty()) numbers.emplace(label, 0);
  }
  for (auto& [name, number] : numbers) {
    number = static_cast<std::int32_t>(manifest.classes.size());
    manifest.classes.emplace_back(name);
  }
  for (const std::string& label : labels) manifest.labels.push_back(label.empty() ? -1 : numbers.at(label));
}

}  // namespace
}  // namespace corpus

Manifest list_corpus(const CorpusOptions& options) {
  const corpus::Labeller label(options.labels);
  corpus::Listing listing = corpus::list_any(options);
  corpus::require_entries(listing, options.corpus);
  corpus::sort_and_drop_repeats(listing.entries, options.corpus);

  Manifest manifest;
  manifest.root = std::move(listing.root);
  std::vector<std::string> labels;
  corpus::Hash hash;
  for (const corpus::Entry& entry : listing.entries) {
    labels.push_back(label(entry.path, entry.column));
    manifest.paths.push_back(entry.path);
    manifest.bytes.push_back(entry.bytes);
    hash.text(entry.path);
    hash.number(entry.bytes);
    hash.text(labels.back());
  }
  corpus::number_labels(manifest, labels);
  manifest.hash = hash.hex();
  return manifest;
}

std::string full_path(const std::string& root, std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  std::string full = root.ends_with('/') ? root : root + "/";
  return full.append(path);
}

}  // namespace pool3
