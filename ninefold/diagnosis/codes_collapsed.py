"""Codes of a variational AutoEncoder that say nothing."""

from ninefold.diagnosis.case import Case, Finding, Symptom

SILENT = 0.01
"""Variance of a number of the code over the rows below which it is silent (Burda, Grosse and
Salakhutdinov, Importance weighted autoencoders, ICLR 2016)."""
MANY = 0.5


class CodesCollapsed(Symptom):
    """Most numbers of the code are the same for every row: their price is higher than their use."""

    kinds = ("codes.collapsed",)
    of_target = False
    follows = ("learning_rate",)

    def look(self, case: Case) -> Finding | None:
        if case.given is None or not case.network.variational or len(case.given.code) < 2:
            return None
        spread = case.given.code.var(axis=0)
        silent = spread < SILENT
        if silent.mean() <= MANY:
            return None
        beta = float(f"{case.network.beta / 10:.2g}")
        largest = max(float(spread.max()), SILENT)
        bars = [[str(n), float(v) / largest, f"{v:.3g}"] for n, v in enumerate(spread[:32])]
        return Finding(
            "codes.collapsed",
            f"{int(silent.sum())} of {len(spread)} numbers of the code are the same for every row: "
            f"with {case.name('beta')} {case.network.beta:g} saying something costs more than it "
            "brings.",
            f"Set {case.name('beta')} to {beta:g}, or {case.name('latent')} to fewer numbers.",
            {"silent": int(silent.sum()), "latent": len(spread), "beta": case.network.beta},
            {"kind": "bars", "title": "Variance of each number of the code", "rows": bars},
            ((case.at("beta"), beta),),
        )
