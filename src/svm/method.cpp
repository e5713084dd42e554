#include "svm/method.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace pool3::svm {
namespace {

/// Passes that a step with the Gram matrix, and a certificate, take.
constexpr std::int64_t least_gram_products = 4;

}  // namespace

std::function<const Spectrum&()> Finish::spectrum() {
  return [this]() -> const Spectrum& {
    if (!spectrum_) spectrum_ = compute_spectrum(point_);
    return *spectrum_;
  };
}

FinishResult Finish::solve(const NewtonLimits& limits, bool from_sample, const Tell& progress) {
  FinishResult result;
  if (from_sample) result.products = std::llround(start_from_sample(point_, spectrum(), limits));
  const bool by_gram = few_rows_ && limits.max_products >= least_gram_products && gram_pays(point_);
  const double enough = float_tolerance(point_.table.loss);
  NewtonLimits now = limits;
  now.max_products = std::max<std::int64_t>(limits.max_products - result.products, 1);
  now.tolerance = std::max(limits.tolerance, enough);
  in_float(result, now, progress, by_gram);
  now = {
      .tolerance = limits.tolerance, .max_products = limits.max_products - result.products, .expired = limits.expired};
  const bool done = limits.tolerance >= enough && result.certificate.relative_gap() <= limits.tolerance;
  if (done || now.max_products < least_gram_products || limits.expired()) return result;
  const auto tell = [&, before = result.products](const NewtonProgress& p) {
    progress({before + p.products, p.relative_gap});
  };
  in_double(result, now, tell, by_gram);
  return result;
}

void Finish::in_float(FinishResult& result, NewtonLimits limits, const Tell& progress, bool by_gram) {
  Pair<float> pair = take_pair<float>(point_);
  if (by_gram) {
    if (!float_gram_) float_gram_.emplace(point_);
    --limits.max_products;  // for the certificate
    result.products += float_gram_->solve(pair, limits, progress);
    put_pair(point_, std::move(pair));
    result.certificate = certify_pair(point_);
    return;
  }
  const NewtonResult newtons = newton(point_, pair, spectrum(), limits, progress);
  put_pair(point_, std::move(pair));
  result.certificate = newtons.certificate;
  result.products += newtons.products;
}

void Finish::in_double(FinishResult& result, NewtonLimits limits, const Tell& progress, bool by_gram) {
  Pair<double> pair = take_pair<double>(point_);
  if (by_gram) {
    if (!double_gram_) double_gram_.emplace(point_);
    --limits.max_products;
    const std::int64_t spent = double_gram_->solve(pair, limits, progress);
    result.products += spent;
    result.certificate = certify_pair(point_, pair);
    limits.max_products -= spent;
  }
  // Where margins are sums of products that cancel, weights say more than dual variables do.
  const bool done = by_gram && result.certificate.relative_gap() <= limits.tolerance;
  if (!done && limits.max_products >= 1 && !limits.expired()) {
    const Pair<double> before = by_gram ? pair : Pair<double>{};
    const NewtonResult newtons = newton(point_, pair, spectrum(), limits, progress);
    result.products += newtons.products;
    if (by_gram && result.certificate.relative_gap() < newtons.certificate.relative_gap())
      pair = before;
    else
      result.certificate = newtons.certificate;
  }
  result.v = pair.v;
  put_pair(point_, std::move(pair));
}

}  // namespace pool3::svm
