# shellcheck shell=sh
# Sourced, plain sh, before mpirun on several hosts. A host whose power is cut says nothing, and mpirun asks only after 300 s
# of silence and waits 180 s for an answer. By then the ranks' watchdog (60 s) has ended the ranks that are left, and
# an mpirun that has to end a job waits for that host for ever. So it asks earlier: a host that is silent for 20 s is lost.
# (A connection with words on the way is not asked: the order matters, and a watchdog below 20 s wants smaller values.)
export OMPI_MCA_oob_tcp_keepalive_time="${OMPI_MCA_oob_tcp_keepalive_time:-5}"
export OMPI_MCA_oob_tcp_keepalive_intvl="${OMPI_MCA_oob_tcp_keepalive_intvl:-5}"
export OMPI_MCA_oob_tcp_keepalive_probes="${OMPI_MCA_oob_tcp_keepalive_probes:-3}"
