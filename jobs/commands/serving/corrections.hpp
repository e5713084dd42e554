#pragma once
// Pictures that were classified wrongly, kept with their true labels: a corpus for the next training.

#include <cstdint>
#include <mutex>
#include <string>

namespace pool3::jobs {

/// What a client says of a picture.
struct Correction {
  std::string picture;    ///< the bytes of the file
  std::string label;      ///< the true one
  std::string predicted;  ///< what the server had said
};

/// The folder LABEL/KEY.EXT, and answers.jsonl with a line each. From any thread.
class Corrections {
 public:
  /// `folder`: made if it is not there; "" keeps nothing. `most`: pictures. Throws Error.
  Corrections(std::string folder, std::int64_t most);
  [[nodiscard]] bool wanted() const { return !folder_.empty(); }
  /// Keeps one, and returns "", or says why not.
  [[nodiscard]] std::string keep(const Correction& correction);

 private:
  std::string folder_;
  std::int64_t most_, count_ = 0;
  std::mutex mutex_;
};

/// True if `label` can be the name of a folder and is what people would call a class.
[[nodiscard]] bool is_good_label(const std::string& label);
/// The ending of a picture's file name, by its first bytes: "jpg"; "" for what is no picture.
[[nodiscard]] std::string ending_of(const std::string& picture);

}  // namespace pool3::jobs
