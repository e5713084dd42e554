#include "store/format_names.hpp"
#include "store/integrity/seal.hpp"

namespace pool3 {

std::string kind_of_file(const std::string& path) {
  const std::string format = store::format_of(path);
  if (format == store::features_format || format == store::link_format) return "features";
  if (format == store::model_format) return "model";
  if (format == store::index_format) return "index";
  return format == store::map_format ? "map" : "";
}

}  // namespace pool3
