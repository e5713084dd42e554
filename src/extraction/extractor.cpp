// Extractor and Extraction: the network, and the one loop that feeds its threads.

#include <utility>

#include "extraction/workers.hpp"
#include "pool3/extraction.hpp"

namespace pool3 {

Extractor::Extractor(const Weights& weights, const ExtractorSetup& setup)
    : network_(open_network(weights, {.precision = setup.recipe.precision,
                                      .batch = setup.batch,
                                      .instructions = setup.instructions,
                                      .device = setup.device,
                                      .gpu = setup.gpu})),
      setup_(setup) {}

Extraction::Extraction(std::shared_ptr<const Network> network, const ExtractorSetup& setup, ExtractionJob job)
    : network_(std::move(network)),
      workers_(std::make_unique<extraction::Workers>(
          *network_, extraction::WorkSettings{.recipe = setup.recipe, .batch = setup.batch, .job = std::move(job)},
          extraction::threads_on(setup.threads, setup.device))) {}
Extraction::Extraction(Extraction&&) noexcept = default;
Extraction& Extraction::operator=(Extraction&&) noexcept = default;
Extraction::~Extraction() = default;

void Extraction::run(BlockFeed& feed) {
  while (!feed.ended()) {
    if (auto task = feed.next()) {
      workers_->submit(std::move(*task));
    } else if (const auto block = workers_->take(feed.wait_seconds())) {
      feed.finished(*block);
    }
  }
}

bool Extraction::wants_more() const { return workers_->wants_more(); }
int Extraction::in_flight() const { return workers_->in_flight(); }
void Extraction::drop_waiting() { workers_->drop_waiting(); }
StageSeconds Extraction::seconds() const { return workers_->seconds(); }

}  // namespace pool3
