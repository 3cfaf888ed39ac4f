#pragma once
#include "backend/backend.h"
#include "comm/communicator.h"
#include "parallel/nccl/nccl_version.h"

namespace tpscale::nccl {

/// Looks before NCCL does, so that every rank says the same, and a sentence. Collective over `host`. Returns
/// the most ranks on one device. Throws NotAvailableError where ranks hold other versions of NCCL, where more
/// than `allowed_ranks_per_device` of them share a device, or where the version cannot do the sharing that
/// was allowed.
int require_usable(Communicator& host, const Backend& backend, const NcclVersion& version,
                   int allowed_ranks_per_device);

}  // namespace tpscale::nccl
