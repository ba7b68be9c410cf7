// Runs the attacks of a robustness report.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "systems/advgen/generator.h"
#include "systems/advgen/report.h"
#include "systems/advgen/report_images.h"

namespace fovea::advgen {

// Told after each batch: how many images an attack has dealt with since the last call, and which attack.
using ReportProgress = std::function<void(int64_t images, const std::string& what)>;

// Rows, curves and what the checks need; names and training of the model are left to the caller, transfer to
// add_transfer(). `own` may be null. Results do not depend on threads.
ModelReport measure(const Victim& victim, const Generator* own, const ReportImages& images, const ReportEffort& effort,
                    const ReportProgress& progress = {});
// How often progress will be told of an image, to know the end.
int64_t measured_passes(const ReportEffort& effort, bool has_generator);

// The share of correct answers without an attack.
AttackRow clean_row(const Victim& victim, const ReportImages& images, const ReportProgress& progress = {});

// Pictures made by PGD on `source`, judged by each of `targets`: one row for each, not counting what the source itself
// got wrong as lost. All must read pictures of one size and channel count: Error(kData) naming the target otherwise.
struct TransferTarget {
  std::string name;
  const Victim* victim;
  const ReportImages* images;
};
std::vector<AttackRow> transfer_rows(const Victim& source, const ReportImages& images, const ReportEffort& effort,
                                     const std::vector<TransferTarget>& targets, const ReportProgress& progress = {});

// An image survives transfer if it survives that of every source.
void add_transfer(ModelReport& report, const AttackRow& row);

}  // namespace fovea::advgen
