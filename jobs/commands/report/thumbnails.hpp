#pragma once
// Small pictures of rows, from the catalogue as it is now.

#include <map>
#include <string>
#include <vector>

#include "pool3/corpus.hpp"
#include "pool3/mpi.hpp"
#include "pool3/report/catalogue_page.hpp"
#include "pool3/store/features.hpp"

namespace pool3::jobs {

/// Where pictures are looked for, and how they are read.
struct PictureSource {
  std::vector<std::string> folders;  ///< where the catalogue is now, before the folder that the file names
  std::int64_t side = 48;            ///< pixels of a small picture, at most
  int threads = 1;
};
/// What became of them.
struct PictureCount {
  std::int64_t shown = 0, changed = 0;
  std::map<std::string, std::int64_t> failed;  ///< by cause
};
/// Fills in the thumbnails of `rows`, which agree on all ranks; the root alone gets them. A picture that can't be read,
/// or that is another one than the file's features were made of, stays empty. Collective; throws a collective Error.
PictureCount add_thumbnails(const Communicator& comm, const FeatureReader& reader, const PictureSource& source,
                            std::vector<ShownRow>& rows);

}  // namespace pool3::jobs
