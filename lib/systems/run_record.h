// What every output file says about the run that made it, from what cli knows about the command line.
#pragma once

#include <string>
#include <vector>

#include "cli/program.h"
#include "data/dataset.h"
#include "eval/table.h"
#include "io/h5_writer.h"
#include "io/root_attributes.h"
#include "train/loop.h"
#include "train/model.h"

namespace fovea {

io::RootAttributes run_record(const cli::Invocation& invocation);
io::WriterOptions writer_options(const cli::Invocation& invocation);
io::InputRecord input_record(const std::string& role, const data::ImageSource& source);
io::InputRecord input_record(const std::string& role, const train::Model& model);

// What the common options say about a training run; the rest keeps its defaults.
train::LoopOptions loop_options(const cli::Invocation& invocation, const std::string& output, int64_t steps);

// To stdout in the --format of the call.
void print_table(const eval::Table& table, const cli::Invocation& invocation);

}  // namespace fovea
