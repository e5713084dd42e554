#pragma once
// Files that a command line names: what is read, what is made.

#include <string>
#include <vector>

namespace pool3::jobs {

/// A file or folder that is read.
struct ReadPath {
  /// How the value names it: its path; FILE[:DATASET]; sources with braces as in a shell; a path, or none for the
  /// weights that are found.
  enum class Form { path, dataset, corpus, weights };
  std::string name;  ///< "--features", "FILE"
  std::string path;
  Form form = Form::path;
};

/// What is made.
struct WrittenPath {
  enum class Kind { file, link, folder };
  std::string name;
  std::string path;
  Kind kind = Kind::file;
  /// Of a file: endings of other files that are made beside it. Of a folder: names of the files in it. Both may have *.
  std::vector<std::string> more;
  std::string may_replace = {};  ///< the name of what may be this very file: it is read before
};

struct NamedPaths {
  std::vector<ReadPath> reads;
  std::vector<WrittenPath> writes;
};

}  // namespace pool3::jobs
