"""Lines with dollar signs, and formulas, as models write them."""

# Prices, shells, programs, names: no formula in any line.
PROSE = r"""
The price went from $100 to $120, a 20% increase ($20).
You'll save $1,200/year ($100/month × 12).
**Total: $45.50** (including $3.50 tax)
- Basic: $9.99/mo
- $5 off when you spend $50
"The budget is $2M–$3M, i.e. roughly $2.5M ± $0.5M."
Use `$var` or "$var" or '$var' in bash
In bash, "$1" is the first argument and "$2" the second.
In Perl, $_ is the default variable, and $@ holds the error.
In R use df$column and df$other to access columns.
lst$a + lst$b
Use $0, $1, and $? in awk: awk '{print $1, $2}'
In Makefiles: $@ is the target, $< the first prerequisite, $^ all of them.
$(CC) -o $@ $<
In Excel: =$A1+B$1
The regex `\d+$` vs ^\d+$ matches; $ means the end.
Cash App tags: $alice and $bob paid $cindy.
Tickers: $AAPL, $TSLA and $MSFT rallied.
$AAPL is up; $TSLA is down.
I bought $AAPL at $150 and sold at $170.
My salary: 50k$ to 60k$ a year.
Das kostet 5$ bzw. 6$ (ca. 4,50 €).
Preis: 10 $/Stück oder 100 $/Karton.
Coûte 10 $ (dix dollars) ou 15 $ CAD
R$ 5,00 e R$ 10,00
R$5 e R$10
HK$100 ≈ US$13
S$5, NT$10 and C$7
$US 5 et $US 6
USD$5, AUD$6
$ 5,00 und $ 6,00
5,00 $, 6,00 $
about $5ish and $10ish
$5+ and $10+
$5-$6/hr
<$5 or >$10
~$5 to ~$10
$.50 and $.75
$5.–$6.
If x = $5 and y = $6, then x + y = $11.
She had $5. He had $6. They had $11.
costs $5; $6 with tax
costs $5: $6 with tax
$5, or $60 per year
a $5, $10 or $20 bill
Is it $5? Or $6?
$5! $6!
($5–$6)
[$5] [$6]
$5 = €4.60, $10 = €9.20
$1 = ¥150 and 1$ = ¥151
The exchange: $1 = 0.92€ or 1€ = 1.09$.
100$ = 92€ und 200$ = 184€
between 5 and 10 $ per unit ($)
in million $ and in billion $
Unit: $ / MWh, $ / kWh
cost in k$ and M$
The market pays only **$1.50** for it. Each one brings in $1.50.
$/PR is down but $/session is up
Phase 1 at $10K flat, Phase 2 at $8K
$155 lifetime spend, $34 last month
The first costs **$600**, the second **$800**
the $2k cohort and the $25-50k tier
~$0.79/m³ for one and $300/t for the other
The plan says "$990/mo". A design. And a "$1,500 freebie".
about $5 thousand and $10 thousand per run
$.02/GB or $.03/GB
$0.50/1K tokens in, $1.50/1K out
(~$3–5 per user) or (~$10 flat)
Profit margin: ($120 − $80) / $120 = 33%
Revenue = 10 × $5 = $50
$5 × 3 = $15, $6 × 2 = $12
$1M ARR → $2M ARR
$40–$60 → $80+
Either $20 *or* $30, **not** $40
"$100", "$200"
'$100', '$200'
$100; $200; $300.
$19.99 -> $14.99
$5.00/$10.00/$15.00
a $5-a-month plan and a $10-a-month plan
$100K-$150K base + $20K bonus
Costs: \$5 and \$10
It is $5…$10
up to $3,000/yr in $ terms
€5 ≈ $5.50 and €10 ≈ $11
$USD and $EUR
Item | Price ($) | Qty
const s = `${a} and ${b}`; // template
Hello, ${user.name}! You have ${count} messages.
f"${x} and ${y}"
$$ is the PID of the shell, $! that of the last job
PID=$$; echo $$
$x, $y, $z are variables.
The variables $a and $b hold it; $a + $b is the sum.
if ($a == $b) { return $a; }
$result = $a + $b;
$array['key'] and $array["other"]
echo "Total: $total, tax: $tax";
sed 's/foo$/bar/' and sed 's/a$/b/'
grep '^foo$' file and grep 'bar$' file
`^[a-z]+$` and ^[0-9]+$ or ^$
/^\s*$/ and /\.$/
scss: $primary: #333; $secondary: #666;
$primary-color, $secondary-color
LaTeX uses $ signs; write \$ for one. Put $ around math.
Use $...$ for inline math and $$...$$ for display.
Enclose it in $ and $.
A$AP Ferg, Ty Dolla $ign, and Ke$ha
Joey Bada$$ and A$AP
Joey Bada$$, Bada$$
$tupid and $mart
M$ and MS, M$ Office
Win$ and Lose$
`code $x` and more $y text $z
git config --global user.name "$NAME" && echo $NAME
export A=$B:$C; export D=$E
docker run -v $PWD:/app -w $PWD img
$HOME/.bashrc, $HOME/.profile
cd $DIR; ls $DIR/*.txt
kubectl -n $NS get pod $POD
{{ $value }} and {{ $labels.instance }}
$ npm install
$ cd x && $ ls
$ sudo apt update $ sudo apt upgrade
price$ and cost$
varname$ is BASIC: A$ = B$ + C$
LEFT$(A$, 3) and MID$(B$, 2)
$DEITY knows
1$ ≈ 0.9€, 2$ ≈ 1.8€
价格在$10到$20之间
约$5元、$6元
从$100涨到$120。
$10以上，$20以下
10$から20$まで
5$ у него, 6$ у неё
стоит $5, а не $6
от $5 до $10
цена ($) и объём ($)
""".strip().split("\n")

# Every dollar sign belongs to a formula.
FORMULAS = r"""
Let $G = (V, E)$ be a graph.
$y$: $n\times 1$ vector of observations
$X$: $n\times(p+1)$ design matrix
$S(\beta) = (y-X\beta)'(y-X\beta)$
the start state is $q_0$
and $17 \times 24 = 408$.
$y = \beta_0 + \beta_1 x$
$2(L_{ur}-L_r)\sim\chi^2(Q)$
$O(n)$ (with Timsort) or consistent $O(n \log n)$.
\(e=5.2\frac{\$}{€}\), and the price is $p=25.6\$$.
The energy is $E = mc^2$ where $m$ is the mass.
**$E=mc^2$**: the energy
- $\alpha$: the rate
1. **$f$ is even**: $f(-x) = f(x)$
$x = \text{\$}5$
($x$,$y$)
$a$–$b$
$x$=1
$n{+}1$
$\mathrm{pH} = -\log[\mathrm{H}^+]$
$5!=120$
$x=-1$
$\approx 3$
$n\ge1$。
$5\text{€}$
For $x \in \mathbb{R}$, $f(x) \geq 0$.
The derivative of $\sin x$ is $\cos x$.
where $m$ is the mass and $c$ the speed of light
If $n$ is even, then $n^2$ is even.
$P(A \cap B) = P(A)P(B)$
$a^2 + b^2 = c^2$
The roots are $x = 2$ and $x = -3$.
$x=1$, $y=2$
The interval $[a, b]$ or $(a, b)$
$\Delta = b^2 - 4ac$
$y = mx + b$
$2\pi r$
$\frac{d}{dx} x^n = nx^{n-1}$
the point $(3, 4)$
$i$, $j$, $k$
$A$ and $B$
$A \times B$
angle $ABC$ is $90^\circ$
$10^{-3}$ m
$3 \times 10^8$ m/s
$10$ m/s
$T(n) = 2T(n/2) + n$
$O(1)$, $O(n)$, $O(\log n)$
$n \log n$
Step 1: $2x + 3 = 7$
So $2x = 4$, hence $x = 2$.
$\boxed{x = 2}$
$k = 1, 2, \ldots, n$
$i=0,...,n-1$
$x_i$'s and $y_i$'s
$1/2$ and $3/4$
$0.05$
$p < 0.05$
$p$-value
$\alpha$-helix
$H_2O$ and $CO_2$
$E = h\nu$
$\vec{F} = m\vec{a}$
$|x - y| < \epsilon$
$f: A \to B$
$f'(x)$, $f''(x)$
$x \mapsto x^2$
$S = \{1, 2, 3\}$
$\neg p \lor q$
$p \to q$
$100!$
$C(n, k)$
$n = 5$
(where $n \ge 1$)
"$x$"
*$x$*
**$x = 2$**
$x$, $y$; $z$. $w$!
$x$?
$x$/$y$
$u$-$v$
$+1$ or $-1$
$\pm 1$
$\$100$
$\text{Profit} = \$500 - \$200$
$\text{Cost} = 5x + \$20$
Revenue is $R = p \cdot q$ with $p = 5$.
It costs $5$ dollars
$50\%$
$5\,\text{kg}$
$g = 9.81 m/s^2$
$v = 10 \text{ m/s}$
$\int_0^1 x\,dx$
$\sum_{i=1}^{n} i = \frac{n(n+1)}{2}$
$a \equiv b \pmod{n}$
$a$ divides $b$
for $a > b$ and $c < d$
$ a > b $
$ n $
$ (a, b) $
$ 2x + 3 $
$ |x| $
$ \sqrt{2} $ is irrational
$ O(n) $
$ k = 3 $
$ a, b $
$\mathbf{x}^\top A \mathbf{x}$
$\langle u, v \rangle$
$X \sim N(\mu, \sigma^2)$
$E[X]$, $Var(X)$, $Cov(X, Y)$
$\operatorname{Var}(X)$
$Var(aX + b) = a^2 Var(X)$
$GDP = C + I + G + NX$
$ROI = \frac{gain}{cost}$
$accuracy = \frac{TP + TN}{total}$
$precision = TP / (TP + FP)$
$F = G\frac{m_1 m_2}{r^2}$
$x\in A$
$x\ne0$
$AB\parallel CD$
$\therefore x = 1$
$\pi \approx 3.14$
$a:b = c:d$
$x;y$
$1+1=2$
$a|b$
$\star$
$\{x : x > 0\}$
$\Omega$
$5 \times 5$
$5 + 5 = 10$
$5x$
$12 \div 4 = 3$
$x = 5$ or $x = 6$
$2^{10} = 1024$
""".strip().split("\n")

# Shown as formulas.
LATEX = r"""
\int_{-\infty}^{\infty} e^{-x^2} \, dx = \sqrt{\pi}
\lim_{n \to \infty} \left(1 + \frac{1}{n}\right)^n = e
\nabla \cdot \mathbf{E} = \frac{\rho}{\varepsilon_0}
\nabla \times \vec{B} = \mu_0 \vec{J} + \mu_0 \varepsilon_0 \frac{\partial \vec{E}}{\partial t}
\hat{H} \Psi = i\hbar \frac{\partial}{\partial t} \Psi
\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}
\begin{bmatrix} a_{11} & \cdots & a_{1n} \\ \vdots & \ddots & \vdots \end{bmatrix}
\begin{cases} x + y = 1 \\ x - y = 2 \end{cases}
f(x) = \begin{cases} 1, & \text{if } x > 0, \\ 0, & \text{otherwise.} \end{cases}
\sum_{k=0}^{n} \binom{n}{k} x^k y^{n-k}
\prod_{p \text{ prime}} \frac{1}{1 - p^{-s}}
\arg\max_{\theta} \mathcal{L}(\theta)
\operatorname*{arg\,min}_{w} \|Xw - y\|_2^2
\text{softmax}(z_i) = \frac{e^{z_i}}{\sum_{j=1}^{K} e^{z_j}}
\text{Attention}(Q, K, V) = \text{softmax}\left(\frac{QK^T}{\sqrt{d_k}}\right)V
\mathbb{E}[X] = \int x f(x) \, dx
\mathrm{Var}(X) = \mathbb{E}[X^2] - (\mathbb{E}[X])^2
P(A|B) = \frac{P(B|A)P(A)}{P(B)}
\overline{x} = \frac{1}{n}\sum_{i=1}^{n} x_i
\sigma = \sqrt{\frac{1}{N}\sum_{i=1}^N (x_i - \mu)^2}
x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}
\frac{\mathrm{d}y}{\mathrm{d}x}
\frac{\partial^2 u}{\partial x^2}
\oint_C \mathbf{F} \cdot d\mathbf{r}
\iint_D f \, dA
\left. \frac{dy}{dx} \right|_{x=0}
\left\lfloor \frac{n}{2} \right\rfloor
\lceil x \rceil
\| \mathbf{v} \|
\lvert x \rvert
\langle \psi | \phi \rangle
|\psi\rangle = \alpha|0\rangle + \beta|1\rangle
A \xrightarrow{\text{heat}} B
\text{H}_2\text{O}
\mathrm{CH_4 + 2O_2 \rightarrow CO_2 + 2H_2O}
\underbrace{a + a + \cdots + a}_{n \text{ times}}
\overbrace{1 + 2 + \cdots + n}^{\text{sum}}
\stackrel{?}{=}
\overset{\text{def}}{=}
\boxed{x = \frac{1}{2}}
\boxed{\text{Answer: } 42}
\cancel{2}x = \cancel{2}
\require{cancel} \cancel{x}
\color{blue}{x^2} + \color{red}{y^2}
\textcolor{red}{\text{wrong}}
\mathcal{O}(n \log n)
\Theta(n^2)
\forall \epsilon > 0 \; \exists \delta > 0
x \in [0, 1] \subset \mathbb{R}
A^\top, A^{-1}, A^\dagger, A^*
\det(A) = \sum_{\sigma \in S_n} \operatorname{sgn}(\sigma) \prod_{i} a_{i\sigma(i)}
\gcd(a, b) \cdot \operatorname{lcm}(a, b) = ab
a \equiv b \pmod{n}
a \bmod n
\sqrt[3]{27} = 3
10\,\mathrm{m/s^2}
5 \text{ km} = 5000 \text{ m}
25^\circ\text{C}
\angle ABC = 90^{\circ}
\triangle ABC \sim \triangle DEF
\overleftrightarrow{AB} \parallel \overline{CD}
\sin^2\theta + \cos^2\theta = 1
\log_2 8 = 3
\ln(e) = 1
\tan^{-1}(x)
e^{i\pi} + 1 = 0
z = re^{i\theta}
\Re(z), \Im(z)
x_1, x_2, \dots, x_n
1, 2, 3, \ldots
\{ x \mid x > 0 \}
A \cup B, A \cap B, A \setminus B, A \triangle B
\emptyset, \varnothing
p \land q \implies r
\neg p \lor q \iff p \to q
\therefore x = 5
\because a = b
f: \mathbb{R} \to \mathbb{R}, \quad x \mapsto x^2
f \circ g
\dot{x} = Ax + Bu
\ddot{\theta} + \frac{g}{l}\sin\theta = 0
\tilde{x}, \hat{y}, \bar{z}
\mathbf{A}\mathbf{x} = \lambda\mathbf{x}
\boldsymbol{\theta}, \boldsymbol{x}
\bm{\beta}
\vec{a} \times \vec{b}
\left[ \begin{array}{cc|c} 1 & 2 & 3 \\ 0 & 1 & 2 \end{array} \right]
\begin{array}{r} 123 \\ + 456 \\ \hline 579 \end{array}
\begin{array}{c|cc} & A & B \\ \hline x & 1 & 2 \end{array}
\begin{vmatrix} a & b \\ c & d \end{vmatrix} = ad - bc
\begin{aligned} 2x + 3 &= 7 \\ 2x &= 4 && \text{subtract 3} \\ x &= 2 \end{aligned}
\begin{align*} a &= b \\ &= c \end{align*}
\begin{split} a &= b \\ &= c \end{split}
\begin{gather*} a = b \\ c = d \end{gather*}
\begin{equation} E = mc^2 \end{equation}
\begin{multline} a + b \\ + c \end{multline}
\begin{eqnarray} a &=& b \\ &=& c \end{eqnarray}
\sum\limits_{i=1}^{n} i
\sum_{\substack{i=1 \\ i \ne j}}^{n} x_i
\int\!\!\!\int
\displaystyle \frac{a}{b}
{\scriptstyle x}
\big( \Big( \bigg( \Bigg(
\bigl| x \bigr|
\left\{ \begin{matrix} a \\ b \end{matrix} \right.
\hspace{1em} x \quad y \qquad z
a \, b \; c \: d \! e
\phantom{x} y
\tfrac{1}{2} \dfrac{3}{4} \cfrac{1}{2}
1 \over 2
{n \choose k}
\ell, \hbar, \partial, \infty, \aleph_0
\Rightarrow \Leftarrow \Leftrightarrow \longrightarrow \hookrightarrow \rightleftharpoons
\leq \geq \neq \approx \equiv \cong \simeq \propto \ll \gg
\pm \mp \times \div \cdot \ast \star \oplus \otimes
\uparrow \downarrow \nearrow \searrow
\mathfrak{g}, \mathscr{L}, \mathsf{T}, \mathtt{x}
\text{if and only if}
\textbf{Result}
\text{Area} = \pi r^2
\text{Speed} = \frac{\text{Distance}}{\text{Time}}
\$1{,}000 \times 1.05^{10}
100\% - 20\% = 80\%
\# of items
a \& b
x\_1
f^{(n)}(x)
x^{y^{z}}
x_{i_j}
{}_2F_1
{}^{14}_{6}\text{C}
\sideset{}{'}\sum
\mathop{\mathrm{argmax}}_x
\mathop{\text{minimize}}\limits_{x}
\operatorname{ReLU}(x) = \max(0, x)
\mathrm{d}x\,\mathrm{d}y
\mathit{abc}
\Pr[X \ge k]
\limsup_{n\to\infty} a_n
\inf_{x} f, \sup_{x} f
\bigoplus_{i} V_i
\checkmark \square \blacksquare \QED
\lbrace a \rbrace
\colon x
x \colon= y
\not\subset \not= \not\equiv
\overline{A \cup B} = \overline{A} \cap \overline{B}
\widehat{f}(\xi)
\mathbb{P}(X), \mathbb{N}, \mathbb{Z}, \mathbb{Q}, \mathbb{C}, \mathbb{F}_p
\R^n \to \R
\dfrac{dy}{dx}\bigg|_{x=1}
\left(\frac{a}{b}\right]
\text{(by }x>0\text{)}
\begin{bmatrix} 1 \\ 2 \end{bmatrix}^T
\overset{H_2O}{\longrightarrow}
\xleftarrow{a} \xrightarrow[under]{over}
\xRightarrow{x}
\longleftrightarrow
\lvert\lvert x \rvert\rvert
\textstyle\sum
\vert x \vert
\left\langle x, y \right\rangle
\mathring{A}
\eth
\underline{x}
\underset{x \to 0}{\lim}
\underset{\theta}{\operatorname{argmax}}
\mathrm{km}\cdot\mathrm{h}^{-1}
\, \mathrm{mol}
5\;\mu\text{m}
5\ \Omega
\degree
30\degree
\frac{1}{2}mv^2
\Bigl[ x \Bigr]_0^1
\left[x\right]_0^1
\displaystyle\sum_{i=1}^n
\mathbf{1}_{A}
\mathbbm{1}
\lt \gt
a<b>c
a &= b
x'_1, f''
\smash{x}
\hphantom{x}
\kern 3pt
\bigcirc
\bra{\psi}, \ket{\phi}, \braket{a|b}
\mathrm{Na^+}
""".strip().split("\n")
