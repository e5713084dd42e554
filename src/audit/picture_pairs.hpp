#pragma once
// Which pictures of a catalogue are nearly one, by their pixels.

#include "audit/clusters.hpp"
#include "pool3/audit.hpp"

namespace pool3::audit {

/// Lets the pictures decide: leaves in `near` those pairs that have a picture missing, and of the others those, of
/// `near` or not, whose pictures are near copies. Their distance is the largest difference that is left, from 0 to 1.
/// Each picture is compared with the 20 that are likest from afar. Every rank has the same `pictures` and `near`, and
/// gets the same. Collective; throws a collective Error.
[[nodiscard]] NearRows let_pictures_decide(const Communicator& comm, const SmallPictures& pictures,
                                           const NearRows& near, int threads);

}  // namespace pool3::audit
