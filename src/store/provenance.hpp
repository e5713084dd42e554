#pragma once
// Provenance as attributes of a file. Private to the room.

#include <array>
#include <string>

#include "pool3/store/features.hpp"
#include "store/hdf5/attributes.hpp"

namespace pool3::store {

/// The attribute of each field.
struct ProvenanceField {
  const char* name;
  std::string Provenance::*member;
};
inline constexpr std::array<ProvenanceField, 9> provenance_fields = {{
    {"version", &Provenance::version},
    {"weights_sha256", &Provenance::weights_sha256},
    {"weights_source", &Provenance::weights_source},
    {"profile", &Provenance::profile},
    {"precision", &Provenance::precision},
    {"catalogue_hash", &Provenance::catalogue_hash},
    {"corpus", &Provenance::corpus},
    {"labels", &Provenance::labels},
    {"config", &Provenance::config},
}};

/// Adds every field as PREFIXname.
void put_provenance(Attributes& attributes, const std::string& prefix, const Provenance& provenance);
/// The configuration, JSON. Throws Error for one that no job has.
[[nodiscard]] std::string take_config(const Attributes& attributes, const std::string& name, const Place& place);
/// `profile` is complete also for older files, which told orientation and limit of pixels by `config` alone.
[[nodiscard]] Provenance take_provenance(const Attributes& attributes, const std::string& prefix, const Place& place);

}  // namespace pool3::store
