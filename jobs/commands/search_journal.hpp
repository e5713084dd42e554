#pragma once
// What a search keeps beside its table while it works, so that the same command goes on with it.

#include <string>
#include <string_view>

#include "command.hpp"
#include "pool3/features.hpp"
#include "pool3/selection.hpp"

namespace pool3::jobs {

/// The table of a search: points that are done, and of which features, by which flags. See docs/format.md.
[[nodiscard]] std::string search_table(const SearchResult& result, const FeatureReader& reader, const Context& context);

/// OUT.points is the table of the points that are done, OUT.state-N-RANK what a rank's solver starts from after N of
/// them. One object a search; all members are collective.
class SearchJournal {
 public:
  /// `out`: the table to make.
  SearchJournal(const Context& context, std::string out);

  /// What an earlier search of the same features and flags has left. If it was another, says so and starts anew: a
  /// table is cheap beside features. Every rank gets its own state, if that search had as many ranks.
  [[nodiscard]] SearchMemory recall(const FeatureReader& reader);
  /// Throws Error.
  void keep(const SearchResult& so_far, const FeatureReader& reader, const std::string& state);
  /// Removes what is there: the table and all that is made from it are done.
  void remove();

 private:
  [[nodiscard]] std::string points_path() const { return out_ + ".points"; }
  [[nodiscard]] std::string state_path(std::size_t points) const;
  void remove_states(std::size_t but_points);
  const Context& context_;
  std::string out_;
};

}  // namespace pool3::jobs
