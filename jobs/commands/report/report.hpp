#pragma once
// The report job: a page on a catalogue and its model.

#include <string>
#include <vector>

#include "command.hpp"

namespace pool3::jobs {

struct ReportFlags {
  std::string features;
  std::string out;                             ///< HTML
  std::string model, search, evaluation, map;  ///< files, or ""
  std::string baselines;                       ///< file, or ""
  std::string audit, measured;                 ///< folders, or ""
  std::string title;                           ///< "": the catalogue's name
  std::string rows;                            ///< to judge, as in evaluate
  std::string picture;                         ///< row or path to follow through the network; "": one is chosen
  std::string weights;                         ///< for its stages; "": no stages
  std::vector<std::string> corpus;             ///< folders in which pictures are looked for, before their own
  std::vector<std::string> numbers;            ///< of this very job, the lines of each rank; or none. Root only
  bool no_pictures = false;
  int threads = 0;
};

/// Writes the page. Collective.
void report(const Context& context, const ReportFlags& flags);

/// The command that makes this page again, for a shell.
[[nodiscard]] std::string command_of(const ReportFlags& flags);

}  // namespace pool3::jobs
