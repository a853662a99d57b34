<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- The dashboard. "row" runs once per request: keep it short, look nothing up from the root. -->

    <xsl:template match="dashboard" mode="title"><m:t k="dashboard.title"/></xsl:template>
    <xsl:template match="dashboard" mode="main">
        <span data-fresh="" hidden=""/>
        <xsl:call-template name="shapes"/>
        <xsl:call-template name="notice"/>
        <xsl:choose>
            <xsl:when test="request or @hidden or @all">
                <div class="title-row">
                    <h1><m:t k="dashboard.title"/></h1>
                    <xsl:if test="offer[not(@blocked)]"><a class="button" href="#apply"><m:t k="dashboard.apply"/></a></xsl:if>
                </div>
                <xsl:if test="request[@attention] or change">
                    <section class="attention" aria-labelledby="attention">
                        <h2 id="attention"><m:t k="dashboard.attention"/></h2>
                        <!-- The newest three: more of them would hide the list, where all are marked. -->
                        <ul>
                            <xsl:apply-templates select="change" mode="attention"/>
                            <xsl:apply-templates select="request[@attention][position() &lt;= 3]" mode="attention"/>
                        </ul>
                        <xsl:if test="count(request[@attention]) > 3">
                            <p class="hint"><m:t k="dashboard.attention.more" n="count(request[@attention]) - 3"/></p>
                        </xsl:if>
                    </section>
                </xsl:if>
                <xsl:call-template name="table"/>
                <xsl:if test="offer">
                    <section id="apply" aria-labelledby="apply-title">
                        <h2 id="apply-title"><m:t k="dashboard.apply"/></h2>
                        <div class="offers"><xsl:apply-templates select="offer"/></div>
                    </section>
                </xsl:if>
            </xsl:when>
            <xsl:otherwise>
                <h1><m:t k="dashboard.empty"/></h1>
                <p class="lead"><m:t k="dashboard.empty.text"/></p>
                <div class="offers"><xsl:apply-templates select="offer"/></div>
            </xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <xsl:template name="table">
        <section aria-labelledby="list">
            <h2 id="list"><m:t k="dashboard.list"/></h2>
            <xsl:choose>
                <xsl:when test="request">
                    <table class="requests">
                        <thead>
                            <tr>
                                <th scope="col"><m:t k="dashboard.number"/></th>
                                <th scope="col"><m:t k="dashboard.what"/></th>
                                <th scope="col"><m:t k="dashboard.state"/></th>
                                <th scope="col"><m:t k="dashboard.applied"/></th>
                                <th scope="col"><m:t k="dashboard.life"/></th>
                                <th scope="col"><m:t k="dashboard.action"/></th>
                            </tr>
                        </thead>
                        <tbody><xsl:apply-templates select="request" mode="row"/></tbody>
                    </table>
                </xsl:when>
                <xsl:otherwise><p class="nothing"><m:t k="dashboard.none"/></p></xsl:otherwise>
            </xsl:choose>
            <p class="table-links">
                <a href="{$frame/@path}"><m:t k="refresh"/></a>
                <xsl:if test="@next"><a href="{@next}"><m:t k="dashboard.next"/></a></xsl:if>
                <xsl:choose>
                    <xsl:when test="@all"><a href="/certificates"><m:t k="dashboard.active-only"/></a></xsl:when>
                    <xsl:when test="@hidden"><a href="/certificates?all=1"><m:t k="dashboard.all-hidden" n="@hidden"/></a></xsl:when>
                    <xsl:otherwise><a href="/certificates?all=1"><m:t k="dashboard.all"/></a></xsl:otherwise>
                </xsl:choose>
            </p>
        </section>
    </xsl:template>

    <xsl:template match="request" mode="row">
        <tr data-request="{@number}" data-state="{@state}">
            <xsl:if test="@attention"><xsl:attribute name="class">hot hot-<xsl:value-of select="@attention"/></xsl:attribute></xsl:if>
            <th scope="row"><a href="/certificates/{@number}" class="number"><m:t k="number" number="@number"/></a></th>
            <td class="what">
                <xsl:call-template name="what"/>
                <xsl:if test="@memo != ''"><span class="memo"><xsl:value-of select="@memo"/></span></xsl:if>
            </td>
            <td>
                <span class="state state-{@state}">
                    <svg class="shape" width="20" height="20" aria-hidden="true"><use href="#s-{@state}"/></svg>
                    <xsl:value-of select="i:message('state.', @state)"/>
                </span>
            </td>
            <td m:data-label="dashboard.applied"><time datetime="{@applied-at}"><xsl:value-of select="i:day(@applied-at)"/></time></td>
            <td m:data-label="dashboard.life" class="lifetime">
                <xsl:choose>
                    <xsl:when test="@state = 'collected' or @state = 'renewing' or @state = 'renew_ready'">
                        <xsl:call-template name="life"/>
                        <span class="until"><time datetime="{@not-after}"><xsl:value-of select="i:day(@not-after)"/></time></span>
                        <span class="left"><xsl:call-template name="days-left"/></span>
                    </xsl:when>
                    <xsl:when test="@state = 'refused' or @state = 'lapsed'"><span class="until">–</span></xsl:when>
                    <xsl:when test="@state = 'applied' or @state = 'approval' or @state = 'ready'">
                        <span class="until"><time datetime="{@not-after}"><xsl:value-of select="i:day(@not-after)"/></time></span>
                        <span class="left"><m:t k="dashboard.planned"/></span>
                    </xsl:when>
                    <xsl:otherwise>
                        <span class="until"><time datetime="{@not-after}"><xsl:value-of select="i:day(@not-after)"/></time></span>
                    </xsl:otherwise>
                </xsl:choose>
            </td>
            <td class="do">
                <xsl:choose>
                    <xsl:when test="@renew-key">
                        <form method="post" action="/certificates/{@number}/renew">
                            <xsl:call-template name="csrf"/>
                            <input type="hidden" name="form_key" value="{@renew-key}"/>
                            <button type="submit" class="small"><m:t k="act.renew"/><span class="unseen"><m:t k="act.of" number="@number"/></span></button>
                        </form>
                    </xsl:when>
                    <xsl:otherwise><a href="/certificates/{@number}" class="see"><m:t k="act.see"/><span class="unseen"><m:t k="act.of" number="@number"/></span></a></xsl:otherwise>
                </xsl:choose>
            </td>
        </tr>
    </xsl:template>

    <!-- What waits for the person, each with its one act. -->
    <xsl:template match="request" mode="attention">
        <li class="card attention-{@attention}">
            <div>
                <h3><m:t k="attention.{@attention}"/></h3>
                <p class="which">
                    <a href="/certificates/{@number}"><m:t k="number" number="@number"/></a>
                    <xsl:text> </xsl:text>
                    <xsl:call-template name="what"/>
                    <xsl:if test="@memo != ''"><span class="memo"><xsl:value-of select="@memo"/></span></xsl:if>
                </p>
                <p>
                    <m:t k="attention.{@attention}.text">
                        <m:with name="until">
                            <xsl:choose>
                                <xsl:when test="@attention = 'ending'"><xsl:call-template name="day"><xsl:with-param name="at" select="@not-after"/></xsl:call-template></xsl:when>
                                <xsl:otherwise><xsl:call-template name="day"><xsl:with-param name="at" select="@pickup-until"/></xsl:call-template></xsl:otherwise>
                            </xsl:choose>
                        </m:with>
                        <m:with name="left"><xsl:call-template name="days-left"/></m:with>
                    </m:t>
                </p>
            </div>
            <div class="card-actions">
                <xsl:choose>
                    <xsl:when test="@attention = 'collect'">
                        <a class="button" href="/certificates/{@number}#pin"><m:t k="act.see-pin"/></a>
                        <xsl:if test="@resend-key">
                            <xsl:call-template name="act">
                                <xsl:with-param name="act">resend</xsl:with-param><xsl:with-param name="key" select="@resend-key"/>
                                <xsl:with-param name="class">plain</xsl:with-param><xsl:with-param name="words"><m:t k="act.resend"/></xsl:with-param>
                            </xsl:call-template>
                        </xsl:if>
                    </xsl:when>
                    <xsl:when test="@attention = 'mail' and @resend-key">
                        <xsl:call-template name="act">
                            <xsl:with-param name="act">resend</xsl:with-param><xsl:with-param name="key" select="@resend-key"/>
                            <xsl:with-param name="words"><m:t k="act.resend"/></xsl:with-param>
                        </xsl:call-template>
                    </xsl:when>
                    <xsl:when test="@pin-key">
                        <xsl:call-template name="act">
                            <xsl:with-param name="act">pin</xsl:with-param><xsl:with-param name="key" select="@pin-key"/>
                            <xsl:with-param name="words"><m:t k="act.new-pin"/></xsl:with-param>
                        </xsl:call-template>
                    </xsl:when>
                    <xsl:when test="@renew-key">
                        <xsl:call-template name="act">
                            <xsl:with-param name="act">renew</xsl:with-param><xsl:with-param name="key" select="@renew-key"/>
                            <xsl:with-param name="words"><m:t k="act.renew"/></xsl:with-param>
                        </xsl:call-template>
                    </xsl:when>
                </xsl:choose>
            </div>
        </li>
    </xsl:template>

    <!-- One type to apply for. -->
    <xsl:template match="offer">
        <section class="card offer" aria-labelledby="offer-{@type}">
            <header>
                <xsl:choose>
                    <xsl:when test="@type = 'smime'"><xsl:call-template name="icon-smime"/></xsl:when>
                    <xsl:otherwise><xsl:call-template name="icon-client"/></xsl:otherwise>
                </xsl:choose>
                <xsl:element name="h{2 + boolean(../request)}">
                    <xsl:attribute name="id">offer-<xsl:value-of select="@type"/></xsl:attribute>
                    <m:t k="type.{@type}"/>
                </xsl:element>
            </header>
            <p><m:t k="offer.text.{@type}"/></p>
            <xsl:choose>
                <xsl:when test="@blocked">
                    <div class="blocked">
                        <xsl:call-template name="icon-note"/>
                        <p><m:t k="blocked.{@blocked}" limit="@limit" mail="mail[1]"/></p>
                    </div>
                </xsl:when>
                <xsl:otherwise>
                    <form method="post" action="/certificates">
                        <xsl:call-template name="csrf"/>
                        <xsl:call-template name="form-key"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
                        <input type="hidden" name="type" value="{@type}"/>
                        <div class="field">
                            <label for="{@type}-months"><m:t k="offer.months"/></label>
                            <select id="{@type}-months" name="months">
                                <xsl:for-each select="months">
                                    <option value="{.}"><m:t k="months" months="."/></option>
                                </xsl:for-each>
                            </select>
                        </div>
                        <xsl:choose>
                            <xsl:when test="mail[2]">
                                <div class="field">
                                    <label for="{@type}-mail"><m:t k="offer.mail.{@type}"/></label>
                                    <select id="{@type}-mail" name="mail">
                                        <xsl:for-each select="mail"><option value="{.}"><xsl:value-of select="."/></option></xsl:for-each>
                                    </select>
                                </div>
                            </xsl:when>
                            <xsl:when test="mail"><input type="hidden" name="mail" value="{mail}"/></xsl:when>
                        </xsl:choose>
                        <xsl:if test="unit">
                            <div class="field">
                                <label for="{@type}-unit"><m:t k="offer.unit"/></label>
                                <select id="{@type}-unit" name="unit">
                                    <option value=""><xsl:choose><xsl:when test="@unit"><xsl:value-of select="@unit"/></xsl:when><xsl:otherwise><m:t k="offer.unit.none"/></xsl:otherwise></xsl:choose></option>
                                    <xsl:for-each select="unit"><option value="{.}"><xsl:value-of select="."/></option></xsl:for-each>
                                </select>
                            </div>
                        </xsl:if>
                        <div class="field">
                            <label for="{@type}-memo"><m:t k="offer.memo"/></label>
                            <input type="text" id="{@type}-memo" name="memo" maxlength="200" autocomplete="off"
                                   m:placeholder="offer.memo.{@type}"/>
                        </div>
                        <button type="submit" class="main"><m:t k="offer.apply.{@type}"/></button>
                    </form>
                </xsl:otherwise>
            </xsl:choose>
        </section>
    </xsl:template>
</xsl:stylesheet>
