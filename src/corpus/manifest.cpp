#include <fmt/format.h>
#include <xxhash.h>

#include <array>
#include <memory>
#include <new>
#include <utility>

#include "corpus/classes.hpp"
#include "corpus/error_stage.hpp"
#include "corpus/file_names.hpp"
#include "corpus/label_hints.hpp"
#include "corpus/sources/file_sizes.hpp"
#include "corpus/sources/missing_pictures.hpp"
#include "corpus/sources/sources.hpp"
#include "pool3/corpus.hpp"
#include "pool3/error.hpp"

namespace pool3 {
namespace corpus {
namespace {

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

/// Classes that are fixed count too: with them the same labels may have other numbers.
std::string hash_of(const Manifest& manifest, bool classes_are_fixed) {
  Hash hash;
  for (std::int64_t row = 0; row < manifest.size(); ++row) {
    const std::int32_t label = manifest.labels[static_cast<std::size_t>(row)];
    hash.text(manifest.paths[row]);
    hash.number(manifest.bytes[static_cast<std::size_t>(row)]);
    hash.text(label < 0 ? std::string_view() : manifest.classes[static_cast<std::size_t>(label)]);
  }
  for (const std::string& name : manifest.classes) {
    if (classes_are_fixed) hash.text(name);
  }
  return hash.hex();
}

std::string names_of(const CorpusOptions& options) { return fmt::format("{}", fmt::join(options.corpus, " ")); }

void require_entries(const ListedSources& sources, const CorpusOptions& options) {
  if (sources.draft.size() > 0) return;
  const std::vector<std::string> unread = sources.left_out.unread_pictures();
  const std::string left_out = unread.empty() ? sources.left_out.text() : fmt::format("{}", fmt::join(unread, "; "));
  throw Error(
      {.stage = stage,
       .path = names_of(options),
       .cause = left_out.empty() ? "no pictures found" : fmt::format("no pictures found; {}", left_out),
       .advice = !unread.empty()
                     ? std::string("make JPEGs or PNGs of them first")
                     : fmt::format("in a folder or tar file, names that end in {} are looked for; in a table or list, "
                                   "each line names a file",
                                   fmt::join(picture_endings, ", "))});
}

/// REQUIRES: there were entries before classes were chosen.
void require_chosen(const ManifestDraft& draft, const CorpusOptions& options) {
  if (draft.size() > 0) return;
  const bool fixed = !options.classes.empty();
  throw Error({.stage = stage,
               .path = names_of(options),
               .cause = fixed ? fmt::format("none of its pictures is of a class that {} names", options.classes)
                              : fmt::format("no class has the {} pictures that --min-per-class asks for",
                                            options.min_per_class),
               .advice = "--dry-run without that flag counts the classes there are"});
}

std::string note_on_several(std::int64_t count, const SeveralLabels& rule) {
  const std::string what = rule.kind == SeveralLabels::Kind::none ? "they have none"
                           : rule.kind == SeveralLabels::Kind::first
                               ? "they have that of the first row"
                               : fmt::format("they have that of the highest {}", one_line(rule.column));
  return fmt::format("{} picture{} several labels in tables: {}", count, count == 1 ? " has" : "s have", what);
}

void check(const CorpusOptions& options) {
  const bool by_column =
      options.labels.kind == LabelRule::Kind::column || options.labels.kind == LabelRule::Kind::automatic;
  if (!options.label_column.empty() && !by_column) {
    throw usage_error("--label-column is for labels by column", "leave --labels away, or give --labels column");
  }
  if (options.several_labels.kind != SeveralLabels::Kind::refuse && !by_column)
    throw usage_error("--several-labels is for labels by column", "leave --labels away, or give --labels column");
  if (options.min_per_class < 0) throw usage_error("--min-per-class must be 0 or more");
  if (options.limit_per_class < 0) throw usage_error("--limit-per-class must be 0 or more");
  if (!options.classes.empty() && options.min_per_class > 0) {
    throw usage_error("--classes fixes the classes, so --min-per-class can't leave any out", "give one of them");
  }
}

}  // namespace
}  // namespace corpus

Manifest list_corpus(const Communicator& comm, const CorpusOptions& options) {
  comm.all_do([&] { corpus::check(options); });
  corpus::ListedSources sources = corpus::list_sources(comm, options);
  Manifest manifest;
  comm.root_does([&] {
    corpus::require_entries(sources, options);
    const auto several = sources.draft.sort_and_drop_repeats(corpus::names_of(options), options.several_labels.kind);
    if (several > 0) sources.notes.push_back(corpus::note_on_several(several, options.several_labels));
    if (std::string note = corpus::label_hint(sources, options.labels); !note.empty())
      sources.notes.push_back(std::move(note));
    manifest.classes = corpus::choose_classes(sources.draft, options, sources.notes);
    corpus::require_chosen(sources.draft, options);
  });
  corpus::look_up_sizes(comm, sources.root, sources.draft);
  if (!comm.is_root()) return manifest;
  if (std::string note = corpus::note_on_missing(sources.root, sources.draft); !note.empty())
    sources.notes.push_back(std::move(note));
  manifest.root = std::move(sources.root);
  manifest.paths = std::move(sources.draft.paths);
  manifest.bytes = std::move(sources.draft.bytes);
  manifest.labels = std::move(sources.draft.labels);
  manifest.shards = std::move(sources.shards);
  manifest.notes = std::move(sources.notes);
  manifest.damaged_shards = sources.damaged_shards;
  manifest.unread_rows = sources.unread_rows;
  manifest.hash = corpus::hash_of(manifest, !options.classes.empty());
  return manifest;
}

std::string full_path(const std::string& root, std::string_view path) {
  if (root.empty() || path.starts_with('/')) return std::string(path);
  std::string full = root.ends_with('/') ? root : root + "/";
  return full.append(path);
}

}  // namespace pool3
